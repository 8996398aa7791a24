import { useState } from 'react'
import { Button, Select } from 'antd'
import { download, post, type ApiError } from '../../api/client'
import type { HandOut, TaskPage } from '../../api/verify'
import { useLang } from '../../i18n'

/** Makes one-time links for a group, to print or hand over. They are shown once. */
export function Links({
  task,
  groups,
  links,
  onDone,
}: {
  task: number
  groups: string[]
  links: TaskPage['links']
  onDone: () => void
}) {
  const { t, problem } = useLang()
  const [group, setGroup] = useState<string | null>(null)
  const [list, setList] = useState<HandOut[] | null>(null)
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const make = async (sheet: boolean) => {
    setBusy(true)
    setError('')
    try {
      const path = `/api/verify/tasks/${task}/links`
      if (sheet) await download(path, { group, format: 'xlsx', base: location.origin }, 'links.xlsx')
      else setList((await post<{ links: HandOut[] }>(path, { group })).links)
      onDone()
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
    setBusy(false)
  }
  return (
    <details className="ver-links">
      <summary>
        {t('ver.links')} {links.made > 0 && <small className="muted">{t('ver.linksState', links)}</small>}
      </summary>
      <p className="muted">{t('ver.linksWhy')}</p>
      <div className="ver-tools">
        <Select
          aria-label={t('ver.linksFor')}
          placeholder={t('ver.linksFor')}
          showSearch
          value={group}
          options={groups.map((g) => ({ value: g, label: g }))}
          onChange={setGroup}
          style={{ minWidth: 240 }}
        />
        <Button disabled={!group} loading={busy} onClick={() => void make(false)}>
          {t('ver.linksMake')}
        </Button>
        <Button disabled={!group} loading={busy} onClick={() => void make(true)}>
          {t('ver.linksSheet')}
        </Button>
        {list && (
          <Button type="primary" onClick={() => window.print()}>
            {t('common.print')}
          </Button>
        )}
      </div>
      <p className="form-error" role="alert">
        {error}
      </p>
      {list && (
        <>
          <p className="ver-notice">{t('ver.linksOnce')}</p>
          <ul className="ver-handout">
            {list.map((l) => (
              <li key={l.path}>
                <strong>{l.record}</strong>
                <span>
                  {t('ver.linkTo')} {l.contact}
                </span>
                <code>{location.origin + l.path}</code>
                <small className="muted">{t('ver.linkUntil', { at: l.expires })}</small>
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  )
}
