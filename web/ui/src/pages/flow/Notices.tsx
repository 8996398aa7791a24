import { useState } from 'react'
import { Link } from 'react-router'
import { post } from '../../api/client'
import type { Notice } from '../../api/flow'
import { useApi } from '../../api/use'
import { useLang } from '../../i18n'
import { instant, number } from '../../lib/format'

const about = (n: Notice) => (n.case ? `/cases/${encodeURIComponent(n.case)}` : `/work/duties/${encodeURIComponent(n.duty)}`)

/** The newest notices to the reader's organisation and role; opening the list reads them. */
export function Notices() {
  const { t, tx } = useLang()
  const { data } = useApi<{ rows: Notice[]; new: number }>('/api/notices')
  const [read, setRead] = useState(false)
  if (!data?.rows.length) return null
  const open = (on: boolean) => {
    const newest = data.rows[0]
    if (!on || read || !data.new || !newest) return
    // The marks stay until the page is left; what failed is told again next time.
    void post('/api/notices/read', { upto: newest.id }).then(
      () => setRead(true),
      () => {},
    )
  }
  return (
    <details className="flow-notices" onToggle={(e) => open(e.currentTarget.open)}>
      <summary>
        {t('flow.notices')}{' '}
        {data.new > 0 && !read && <span className="waits num">{t('flow.noticesNew', { n: number(data.new) })}</span>}
      </summary>
      <ul>
        {data.rows.slice(0, 20).map((n) => (
          <li key={n.id} data-new={n.new || undefined}>
            <span className="num muted">{instant(n.at)}</span>{' '}
            {n.new && <b className="flow-dot">{t('flow.noticeNew')}</b>}{' '}
            {n.case || n.duty ? <Link to={about(n)}>{tx(n.text)}</Link> : tx(n.text)}
          </li>
        ))}
      </ul>
    </details>
  )
}
