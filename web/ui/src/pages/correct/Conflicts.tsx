import { Crumbs, PageHead } from '../../components/parts'
import { Nothing } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { List } from './List'

/** Files that would change what was corrected by hand. */
export default function Conflicts() {
  const { t } = useLang()
  useTitle(t('cor.conflicts'), t('app.name'))
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('cor.conflicts') }]} />}
        title={t('cor.conflicts')}
        lead={t('cor.conflictsNote')}
      />
      <List
        box="conflicts"
        batch={['keep', 'take']}
        states={['open', 'taken', 'kept']}
        empty={<Nothing title={t('cor.none')} />}
      />
    </div>
  )
}
