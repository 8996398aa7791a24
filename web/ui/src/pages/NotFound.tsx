import { Link } from 'react-router'
import { Nothing } from '../components/states'
import { useLang, useTitle } from '../i18n'

export default function NotFound() {
  const { t } = useLang()
  useTitle(t('error.notFound'), t('app.name'))
  return (
    <Nothing title={t('error.notFound')} text={t('error.notFoundText')}>
      <Link to="/">{t('error.home')}</Link>
    </Nothing>
  )
}
