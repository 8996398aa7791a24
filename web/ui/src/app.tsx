import { Component, lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { ConfigProvider } from 'antd'
import type { Locale } from 'antd/es/locale'
import zhCN from 'antd/es/locale/zh_CN'
import { Route, Routes, useLocation } from 'react-router'
import { Shell } from './components/Shell'
import { Problem, Waiting } from './components/states'
import { useLang } from './i18n'
import { useSession } from './session'
import { theme } from './theme'

const SignIn = lazy(() => import('./pages/SignIn'))
const Dashboard = lazy(() => import('./pages/Dashboard'))
const Indicators = lazy(() => import('./pages/Indicators'))
const IndicatorPage = lazy(() => import('./pages/Indicator'))
const Behind = lazy(() => import('./pages/Behind'))
const Plan = lazy(() => import('./pages/Plan'))
const Registry = lazy(() => import('./pages/Registry'))
const Records = lazy(() => import('./pages/Records'))
const RecordPage = lazy(() => import('./pages/Record'))
const Imports = lazy(() => import('./pages/Imports'))
const UploadPage = lazy(() => import('./pages/Upload'))
const Explore = lazy(() => import('./pages/Explore'))
const Seals = lazy(() => import('./pages/Seals'))
const NotFound = lazy(() => import('./pages/NotFound'))

/** Ant Design's own words; Chinese is at hand, English is read when asked for. */
function useLocale(): Locale {
  const { lang } = useLang()
  const [english, setEnglish] = useState<Locale | null>(null)
  useEffect(() => {
    if (lang === 'en' && !english) void import('antd/es/locale/en_US').then((m) => setEnglish(m.default))
  }, [lang, english])
  return lang === 'en' && english ? english : zhCN
}

class Guard extends Component<{ children: ReactNode; words: { title: string; text: string } }, { failed: boolean }> {
  override state = { failed: false }
  static getDerivedStateFromError() {
    return { failed: true }
  }
  override render() {
    if (!this.state.failed) return this.props.children
    return (
      <div className="state" role="alert">
        <strong>{this.props.words.title}</strong>
        <p>{this.props.words.text}</p>
      </div>
    )
  }
}

function Pages() {
  const { session, error, reload } = useSession()
  const { t } = useLang()
  const { pathname } = useLocation()
  if (error && !session) return <Problem error={error} retry={() => void reload()} />
  if (!session) return <Waiting />
  if (!session.user) {
    return (
      <Suspense fallback={<Waiting />}>
        <SignIn />
      </Suspense>
    )
  }
  return (
    <Shell>
      <Guard key={pathname} words={{ title: t('error.crash'), text: t('error.crashText') }}>
        <Suspense fallback={<Waiting />}>
          <Routes>
            <Route path="/" element={<Dashboard />} />
            <Route path="/indicators" element={<Indicators />} />
            <Route path="/indicators/:id" element={<IndicatorPage />} />
            <Route path="/indicators/:id/behind" element={<Behind />} />
            <Route path="/plan" element={<Plan />} />
            <Route path="/records" element={<Registry />} />
            <Route path="/records/:entity" element={<Records />} />
            <Route path="/records/:entity/:rec" element={<RecordPage />} />
            <Route path="/import" element={<Imports />} />
            <Route path="/import/:id" element={<UploadPage />} />
            <Route path="/explore" element={<Explore />} />
            <Route path="/seals" element={<Seals />} />
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </Guard>
    </Shell>
  )
}

export function App() {
  const locale = useLocale()
  return (
    <ConfigProvider theme={theme} locale={locale} button={{ autoInsertSpace: false }} wave={{ disabled: true }}>
      <Pages />
    </ConfigProvider>
  )
}
