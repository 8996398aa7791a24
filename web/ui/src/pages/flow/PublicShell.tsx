import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { Mark } from '../../components/Mark'
import { LanguageButton, NoticeLine } from '../../components/Shell'
import { useLang } from '../../i18n'
import { useSession } from '../../session'
import './public.css'

/** The frame of pages that anybody may read: whoever is signed in has another one around it. */
export function PublicShell({ children }: { children: ReactNode }) {
  const { t, tx } = useLang()
  const { session } = useSession()
  if (session?.user) return <div className="page public">{children}</div>
  return (
    <>
      <header className="masthead public-head">
        <div className="masthead-row">
          <Link to="/public" className="brand">
            <Mark />
            <span className="brand-name">{t('app.name')}</span>
            <span className="brand-city">{tx(session?.city.title)}</span>
          </Link>
          <span className="public-tools">
            <LanguageButton />
            <Link to="/">{t('sign.go')}</Link>
          </span>
        </div>
        <div className="wenwu" aria-hidden="true" />
        <NoticeLine />
      </header>
      <main className="page public" id="main">
        {children}
      </main>
      <footer className="foot">{t('pub.foot')}</footer>
    </>
  )
}
