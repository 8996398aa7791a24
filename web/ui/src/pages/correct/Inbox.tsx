import { Tabs } from 'antd'
import { Crumbs, PageHead } from '../../components/parts'
import { Nothing } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { useQuery } from '../../lib/link'
import { List } from './List'

/** What others ask of the reader's organisation. */
export default function Inbox() {
  const { t } = useLang()
  const { values, set } = useQuery()
  const all = values.box === 'all'
  useTitle(t('cor.inbox'), t('app.name'))
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('cor.inbox') }]} />}
        title={t('cor.inbox')}
        lead={t('cor.inboxNote')}
      />
      <Tabs
        activeKey={all ? 'all' : 'inbox'}
        onChange={(v) => set({ box: v === 'all' ? 'all' : null, offset: null, state: null }, true)}
        items={[
          { key: 'inbox', label: t('cor.waiting') },
          { key: 'all', label: t('cor.all') },
        ]}
      />
      <List
        key={all ? 'all' : 'inbox'}
        box={all ? 'all' : 'inbox'}
        batch={all ? [] : ['accept', 'reject']}
        states={all ? ['open', 'returned', 'accepted', 'rejected', 'withdrawn', 'taken', 'kept'] : []}
        empty={<Nothing title={t('cor.none')} />}
      />
    </div>
  )
}
