import { Link } from 'react-router'
import { useLang } from '../../i18n'

/** From the record of a school to what is expected of it. */
export function SchoolLink({ entity, values }: { entity: string; values: Record<string, unknown> }) {
  const { t } = useLang()
  const code = values.school_code
  if (entity !== 'school' || typeof code !== 'string' || !code) return null
  return (
    <Link className="plain-button" to={`/places/school/${encodeURIComponent(code)}`}>
      {t('places.school')}
    </Link>
  )
}
