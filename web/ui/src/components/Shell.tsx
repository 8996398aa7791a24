import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Link, NavLink, useLocation } from 'react-router'
import type { Key } from '../i18n/dict'
import { useLang } from '../i18n'
import { groupOf, useDoors, type Group } from '../lib/doors'
import { useSession } from '../session'
import { Mark } from './Mark'

const doors: { to: string; key: Key; needs?: string }[] = [
  { to: '/', key: 'nav.dashboard', needs: 'read' },
  { to: '/indicators', key: 'nav.indicators', needs: 'read' },
  { to: '/plan', key: 'nav.plan', needs: 'plan' },
  { to: '/records', key: 'nav.records', needs: 'read' },
  { to: '/import', key: 'nav.import', needs: 'load' },
  { to: '/explore', key: 'nav.explore', needs: 'explore' },
  { to: '/seals', key: 'nav.seals', needs: 'read' },
]

/** Switches the language and remembers it. */
export function LanguageButton() {
  const { t, lang, setLang } = useLang()
  return (
    <button
      type="button"
      className="lang"
      lang={lang === 'zh' ? 'en' : 'zh-CN'}
      aria-label={t('app.languageLabel')}
      onClick={() => setLang(lang === 'zh' ? 'en' : 'zh')}
    >
      {t('app.language')}
    </button>
  )
}

/** The line that never goes away: these are not real data. */
export function NoticeLine() {
  const { session } = useSession()
  const { tx, t } = useLang()
  const notice = tx(session?.city.notice)
  if (!notice) return null
  return (
    <div className="notice" role="note" aria-label={t('app.notice')}>
      {notice}
    </div>
  )
}

/** The way to a hub, which is also that of every page below its doors. */
function HubLink({ group, onGo }: { group: Group; onGo: () => void }) {
  const { t } = useLang()
  const { pathname } = useLocation()
  const here = groupOf(pathname) === group
  return (
    <Link to={`/${group}`} className={here ? 'nav-link active' : 'nav-link'} aria-current={here ? 'page' : undefined} onClick={onGo}>
      {t(`nav.${group}`)}
    </Link>
  )
}

export function Shell({ children }: { children: ReactNode }) {
  const { session, signOut, may } = useSession()
  const { t, tx } = useLang()
  const { pathname, search } = useLocation()
  // Another organisation is another page, though its path is the same.
  const place = `${pathname}?${new URLSearchParams(search).get('org') ?? ''}`
  const [open, setOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useEffect(() => {
    setOpen(false)
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [place])
  const work = useDoors('work')
  const admin = useDoors('admin')
  const user = session?.user
  if (!user) return null
  return (
    <>
      <a className="skip" href="#main">
        {t('app.skip')}
      </a>
      <header className="masthead">
        <div className="masthead-row">
          <Link to="/" className="brand" aria-label={t('app.name')}>
            <Mark />
            <span className="brand-name">{t('app.name')}</span>
            <span className="brand-city">{tx(session?.city.title)}</span>
          </Link>
          <nav id="nav" className={open ? 'nav open' : 'nav'} aria-label={t('nav.main')}>
            {doors
              .filter((d) => !d.needs || may(d.needs))
              .map((d) => (
                <NavLink key={d.to} to={d.to} end={d.to === '/'} className="nav-link" onClick={() => setOpen(false)}>
                  {t(d.key)}
                </NavLink>
              ))}
            {work.length > 0 && (
              <HubLink group="work" onGo={() => setOpen(false)} />
            )}
            {admin.length > 0 && (
              <HubLink group="admin" onGo={() => setOpen(false)} />
            )}
            <span className="nav-user">
              <Link to="/me" className="user" title={t('nav.me')} onClick={() => setOpen(false)}>
                <span className="user-role">
                  {tx(user.role_title) || user.role}
                  {user.owner && ` ${t('step.actingFor', { who: user.owner })}`}
                </span>
                <span className="user-org">{tx(user.org_title) || user.name}</span>
              </Link>
              <button type="button" className="plain-button" onClick={() => void signOut()}>
                {t('nav.signOut')}
              </button>
            </span>
          </nav>
          <LanguageButton />
          <button
            type="button"
            className="menu-button"
            aria-expanded={open}
            aria-controls="nav"
            onClick={() => setOpen((o) => !o)}
          >
            {t('app.menu')}
          </button>
        </div>
        <div className="wenwu" aria-hidden="true" />
        <NoticeLine />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <footer className="foot">
        <span>
          {t('app.name')} · {t('app.long')}
        </span>
        {session?.catalog && (
          <span className="mono">
            {t('app.catalog')} {session.catalog.slice(0, 12)}
          </span>
        )}
      </footer>
    </>
  )
}
