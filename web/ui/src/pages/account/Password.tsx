import { useState } from 'react'
import { post } from '../../api/client'
import { useLang } from '../../i18n'
import { FormError, useDoing } from './parts'

/** The form that changes one's own password. */
export function PasswordForm({ name, onDone, old: given = '' }: { name: string; onDone: () => void; old?: string }) {
  const { t } = useLang()
  const [old, setOld] = useState(given)
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const { busy, error, setError, run } = useDoing()
  const field = (label: string, value: string, set: (s: string) => void, auto: string, id: string) => (
    <label>
      {label}
      <input type="password" name={id} autoComplete={auto} value={value} onChange={(e) => set(e.target.value)} />
    </label>
  )
  return (
    <form
      className="stack-form"
      noValidate
      onSubmit={(e) => {
        e.preventDefault()
        if (next !== again) return setError(t('me.differs'))
        void run(async () => {
          await post('/api/me/password', { old, password: next })
          setOld('')
          setNext('')
          setAgain('')
          onDone()
        })
      }}
    >
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      {field(t('me.old'), old, setOld, 'current-password', 'old')}
      {field(t('me.new'), next, setNext, 'new-password', 'new')}
      {field(t('me.repeat'), again, setAgain, 'new-password', 'again')}
      <FormError text={error} />
      <button type="submit" className="main-button" disabled={busy || !old || !next}>
        {t('me.change')}
      </button>
    </form>
  )
}
