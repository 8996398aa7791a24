import { useState } from 'react'
import { ApiError, download, url } from '../api/client'
import { useLang } from '../i18n'
import { useQuery } from '../lib/link'
import { useSession } from '../session'

/** Saves the half-year briefing of the organisation and seal in the address, for who may export. */
export function BriefButtons() {
  const { t, lang, problem } = useLang()
  const { may } = useSession()
  const { values } = useQuery()
  const [busy, setBusy] = useState('')
  const [error, setError] = useState<ApiError | null>(null)
  if (!may('export') || !may('plan')) return null
  const save = (format: string) => {
    setBusy(format)
    setError(null)
    download(url(`/api/brief.${format}`, { org: values.org, seal: values.seal, lang }), null, `brief-half-year.${format}`)
      .catch((e: unknown) => setError(e instanceof ApiError ? e : new ApiError(0, 'internal', null)))
      .finally(() => setBusy(''))
  }
  return (
    <>
      {(['docx', 'pdf'] as const).map((f) => (
        <button key={f} type="button" className="plain-button" data-brief={f} disabled={busy !== ''} onClick={() => save(f)}>
          {busy === f ? t('board.making') : t(`board.brief.${f}`)}
        </button>
      ))}
      {error && (
        <p className="form-error" role="alert">
          {problem(error)}
        </p>
      )}
    </>
  )
}
