import { useState } from 'react'
import { passkeysHere, showPasskey, takePasskey } from '../../api/passkey'
import { useLang } from '../../i18n'
import { FormError, Once, useDoing } from './parts'

/** Takes a passkey up for one's own account, and shows the recovery codes once. */
export function TakePasskey({ onDone }: { onDone: () => void }) {
  const { t } = useLang()
  const [codes, setCodes] = useState<string[] | null>(null)
  const { busy, error, run } = useDoing()
  if (!passkeysHere()) return null
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
  return (
    <div className="stack-form">
      <p className="muted">{t('me.passkeyHint')}</p>
      <button
        type="button"
        className="plain-button take-passkey"
        disabled={busy}
        onClick={() =>
          void run(async () => {
            const made = await takePasskey('')
            if (made?.length) setCodes(made)
            else onDone()
          })
        }
      >
        {t('me.passkey')}
      </button>
      <FormError text={error} />
    </div>
  )
}

/** Shows a passkey instead of a code. */
export function ShowPasskey({ onDone }: { onDone: () => void }) {
  const { t } = useLang()
  const { busy, error, run } = useDoing()
  if (!passkeysHere()) return null
  return (
    <div className="stack-form">
      <button
        type="button"
        className="main-button show-passkey"
        disabled={busy}
        onClick={() =>
          void run(async () => {
            await showPasskey()
            onDone()
          })
        }
      >
        {t('step.passkey')}
      </button>
      <FormError text={error} />
    </div>
  )
}
