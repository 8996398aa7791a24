import { Component, lazy, Suspense, type ReactNode } from 'react'
import { Outlet, Route, Routes, useLocation } from 'react-router'
import { areas } from './areas'
import { Shell } from './components/Shell'
import { Problem, Waiting } from './components/states'
import { useLang } from './i18n'
import { offlineOwner } from './lib/offline'
import { useSession } from './session'

// Ant Design comes with the pages that have forms and tables of records, so that the
// dashboard opens without it.
const Antd = lazy(() => import('./components/Antd'))

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
const Hub = lazy(() => import('./pages/Hub'))
const Offline = lazy(() => import('./pages/flow/Offline'))
const NotFound = lazy(() => import('./pages/NotFound'))

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

export function App() {
  const { session, error, reload } = useSession()
  const { t } = useLang()
  const { pathname } = useLocation()
  if (error && !session && error.kind === 'network' && offlineOwner()) {
    return (
      <Suspense fallback={<Waiting />}>
        <Antd>
          <Offline />
        </Antd>
      </Suspense>
    )
  }
  if (error && !session) return <Problem error={error} retry={() => void reload()} />
  if (!session) return <Waiting />
  if (!session.user) {
    return (
      <Suspense fallback={<Waiting />}>
        <Routes>
          {areas
            .filter((a) => a.open)
            .map((a) => (
              <Route
                key={a.path}
                path={a.path}
                element={
                  a.light ? (
                    <a.page />
                  ) : (
                    <Antd>
                      <a.page />
                    </Antd>
                  )
                }
              />
            ))}
          <Route path="*" element={<SignIn />} />
        </Routes>
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
            <Route path="/plan" element={<Plan />} />
            <Route path="/records" element={<Registry />} />
            <Route path="/work" element={<Hub group="work" />} />
            <Route path="/admin" element={<Hub group="admin" />} />
            <Route path="/records/:entity/:rec" element={<RecordPage />} />
            <Route
              element={
                <Antd>
                  <Outlet />
                </Antd>
              }
            >
              <Route path="/indicators/:id/behind" element={<Behind />} />
              <Route path="/records/:entity" element={<Records />} />
              <Route path="/import" element={<Imports />} />
              <Route path="/import/:id" element={<UploadPage />} />
              <Route path="/explore" element={<Explore />} />
              <Route path="/seals" element={<Seals />} />
              {areas.map((a) => (
                <Route key={a.path} path={a.path} element={<a.page />} />
              ))}
            </Route>
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </Guard>
    </Shell>
  )
}
