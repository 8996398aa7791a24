import { Crumbs, PageHead } from '../../components/parts'
import { Nothing } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { List } from './List'

/** Where the reader's own requests stand. */
export default function Mine() {
  const { t } = useLang()
  useTitle(t('cor.mine'), t('app.name'))
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('cor.mine') }]} />}
        title={t('cor.mine')}
        lead={t('cor.mineNote')}
      />
      <List
        box="mine"
        states={['open', 'returned', 'accepted', 'rejected', 'withdrawn']}
        empty={<Nothing title={t('cor.noneMine')} text={t('cor.noneMineText')} />}
      />
    </div>
  )
}
