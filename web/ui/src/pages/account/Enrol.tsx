import { useState } from 'react'
import { post } from '../../api/client'
import type { Enrolment } from '../../api/account'
import { useLang } from '../../i18n'
import { FormError, Once, useDoing } from './parts'

/** Sets an authenticator up: scan, prove, keep the recovery codes. */
export function Enrol({ onDone }: { onDone: () => void }) {
  const { t } = useLang()
  const [begun, setBegun] = useState<Enrolment | null>(null)
  const [code, setCode] = useState('')
  const [codes, setCodes] = useState<string[] | null>(null)
  const { busy, error, run } = useDoing()
  if (codes) {
    return (
      <div className="stack-form">
        <Once lead={t('me.codes')}>{codes.join('  ')}</Once>
        <button type="button" className="main-button" onClick={onDone}>
          {t('step.next')}
        </button>
      </div>
    )
  }
  if (!begun) {
    return (
      <div className="stack-form">
        <FormError text={error} />
        <button
          type="button"
          className="main-button"
          disabled={busy}
          onClick={() => void run(async () => setBegun(await post<Enrolment>('/api/me/factors', { label: '' })))}
        >
          {t('me.enrol')}
        </button>
      </div>
    )
  }
  return (
    <form
      className="stack-form"
      noValidate
      onSubmit={(e) => {
        e.preventDefault()
        void run(async () => {
          const a = await post<{ recovery_codes: string[] | null }>(`/api/me/factors/${begun.id}/prove`, { code })
          if (a.recovery_codes?.length) setCodes(a.recovery_codes)
          else onDone()
        })
      }}
    >
      <p>{t('me.scan')}</p>
      <img src={begun.qr} alt="" width={200} height={200} />
      <p className="mono once-value">{begun.secret}</p>
      <label>
        {t('me.prove')}
        <input name="code" inputMode="numeric" autoComplete="one-time-code" value={code} onChange={(e) => setCode(e.target.value)} />
      </label>
      <FormError text={error} />
      <button type="submit" className="main-button" disabled={busy || !code}>
        {t('me.confirm')}
      </button>
    </form>
  )
}
