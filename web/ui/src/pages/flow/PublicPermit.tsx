import { Crumbs, PageHead } from '../../components/parts'
import { useLang, useTitle } from '../../i18n'
import { PermitForm } from './PermitForm'
import { PublicShell } from './PublicShell'

/** Whether a consent code holds: for anybody at a school's gate. */
export default function PublicPermit() {
  const { t } = useLang()
  useTitle(t('flow.checkCode'), t('pub.title'), t('app.name'))
  return (
    <PublicShell>
      <PageHead
        crumbs={<Crumbs items={[{ title: t('pub.title'), to: '/public' }, { title: t('flow.checkCode') }]} />}
        title={t('flow.checkCode')}
        lead={t('pub.permitNote')}
      />
      <PermitForm />
    </PublicShell>
  )
}
