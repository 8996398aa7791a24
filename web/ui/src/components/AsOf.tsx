import { useLang } from '../i18n'
import { useQuery } from '../lib/link'

/** Two senses of "as of a day", kept apart: what was known then, and what held then. */
export function AsOf({ dated }: { dated: boolean }) {
  const { t } = useLang()
  const { values, set } = useQuery()
  const day = (name: 'known' | 'valid') => (
    <label className="choice" title={t(`asof.${name}Note`)}>
      <span>{t(`asof.${name}`)}</span>
      <input
        type="date"
        className="find"
        value={values[name] ?? ''}
        onChange={(e) => set({ [name]: e.target.value || null, offset: null })}
      />
    </label>
  )
  return (
    <div className="as-of">
      {!values.seal && day('known')}
      {dated && day('valid')}
      {(values.known || values.valid) && <small className="muted">{t(values.known ? 'asof.knownNote' : 'asof.validNote')}</small>}
    </div>
  )
}
