import { useState, type ReactNode } from 'react'
import type { ApiError } from '../../api/client'
import { useLang } from '../../i18n'

/** Does something once and says what went wrong. */
export function useDoing() {
  const { problem } = useLang()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const run = async (work: () => Promise<void>) => {
    setBusy(true)
    setError('')
    try {
      await work()
    } catch (cause) {
      setError(problem(cause as ApiError))
    } finally {
      setBusy(false)
    }
  }
  return { busy, error, setError, run }
}

export function FormError({ text }: { text: string }) {
  return (
    <p className="form-error" role="alert">
      {text}
    </p>
  )
}

/** A value that is shown once and must be kept. */
export function Once({ lead, children }: { lead: string; children: ReactNode }) {
  return (
    <div className="once" role="status">
      <p>{lead}</p>
      <p className="mono once-value">{children}</p>
    </div>
  )
}
