import { useEffect, useRef, useState, type FormEvent } from 'react'
import { Link, useLocation, useNavigate } from 'react-router'
import { ApiError } from '../api/client'
import { Mark } from '../components/Mark'
import { LanguageButton, NoticeLine } from '../components/Shell'
import { useLang, useTitle } from '../i18n'
import { useSession } from '../session'
import { Steps } from './account/Steps'

export default function SignIn() {
  const { session, signIn, expired } = useSession()
  const { t, tx, problem } = useLang()
  const go = useNavigate()
  const { pathname, search } = useLocation()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const came = new URLSearchParams(search).get('provider')
  const [error, setError] = useState(
    came === 'refused' || came === 'closed' || came === 'failed' ? t(`sign.provider.${came}`) : '',
  )
  const [busy, setBusy] = useState(false)
  const first = useRef<HTMLInputElement>(null)
  useTitle(t('sign.title'), tx(session?.city.title), t('app.name'))
  useEffect(() => first.current?.focus(), [])

  const submit = async (e: FormEvent) => {
    e.preventDefault()
    if (!name.trim()) return setError(t('sign.needName'))
    if (!password) return setError(t('sign.needPassword'))
    setBusy(true)
    setError('')
    try {
      const s = await signIn(name.trim(), password)
      if (pathname === '/' && s.user?.home && s.user.home !== '/') void go(s.user.home, { replace: true })
    } catch (cause) {
      setError(problem(cause instanceof ApiError ? cause : new Error()))
      setPassword('')
    } finally {
      setBusy(false)
    }
  }

  return (
    <div className="sign">
      <NoticeLine />
      <div className="sign-lang">
        <LanguageButton />
      </div>
      <main className="sign-main">
        <div className="sign-about">
          <Mark size={64} />
          <h1>
            {t('app.name')}
            <small>{tx(session?.city.title)}</small>
          </h1>
          <p className="sign-lead">{t('sign.lead')}</p>
          <ul>
            <li>{t('sign.p1')}</li>
            <li>{t('sign.p2')}</li>
            <li>{t('sign.p3')}</li>
          </ul>
        </div>
        {session?.pending ? (
          <Steps key={session.pending.step} pending={session.pending} />
        ) : (
        <form className="sign-form" onSubmit={(e) => void submit(e)} noValidate>
          <h2>{t('sign.title')}</h2>
          {expired && !error && <p className="form-note">{t('sign.expired')}</p>}
          <label>
            {t('sign.name')}
            <input
              ref={first}
              name="name"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              value={name}
              onChange={(e) => setName(e.target.value)}
            />
          </label>
          <label>
            {t('sign.password')}
            <input
              name="password"
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={(e) => setPassword(e.target.value)}
            />
          </label>
          <p className="form-error" role="alert">
            {error}
          </p>
          <button type="submit" className="main-button" disabled={busy}>
            {t('sign.go')}
          </button>
          {session?.city.provider && (
            <a className="plain-button sign-elsewhere" href="/api/session/oidc">
              {tx(session.city.provider)}
            </a>
          )}
          <p className="sign-public">
            <Link to="/public">{t('flow.public')}</Link>
          </p>
        </form>
        )}
      </main>
    </div>
  )
}
