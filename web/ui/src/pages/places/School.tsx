import { useParams } from 'react-router'
import { url } from '../../api/client'
import type { Forecast, ForecastHead } from '../../api/run'
import { useApi } from '../../api/use'
import { Choice, Crumbs, PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { useQuery } from '../../lib/link'
import { useSession } from '../../session'
import { Peaks } from './Places'
import { Outlook, runLabel } from './parts'

/** What a forecast says of one school. */
export default function SchoolPage() {
  const { code = '' } = useParams()
  const { t, tx } = useLang()
  const { may } = useSession()
  const { values, set } = useQuery()
  const list = useApi<{ runs: ForecastHead[] }>(url('/api/runs/forecasts', { unit: code }))
  const runs = list.data?.runs ?? []
  const head = runs.find((r) => r.run === values.run) ?? runs[0]
  const { data, error, reload } = useApi<Forecast>(head ? url(`/api/runs/forecasts/${encodeURIComponent(head.run)}`, { unit: code }) : null)
  const title = tx(data?.units[0]?.title) || code
  useTitle(title, t('places.school'), t('app.name'))
  if (list.error) return <Problem error={list.error} retry={list.reload} />
  if (!list.data || (head && !data && !error)) return <Waiting rows={8} />
  const crumbs = [...(may('plan') ? [{ title: t('places.title'), to: url('/places', { run: values.run }) }] : []), { title }]
  const known = !!data && data.rows.length > 0
  return (
    <div className="page places">
      <PageHead crumbs={<Crumbs items={crumbs} />} title={title} lead={t('places.school')}>
        {head && (
          <Choice label={t('places.run')} value={head.run} options={runs.map((r) => ({ value: r.run, label: runLabel(r, t('places.chosen')) }))} onChange={(v) => set({ run: v })} />
        )}
      </PageHead>
      {error && error.status !== 404 && <Problem error={error} retry={reload} />}
      {!known && (!error || error.status === 404) && <Nothing title={t('places.schoolNone')} text={t('places.schoolNoneHow')} />}
      {known && (
        <>
          {(data.groups ?? []).filter((g) => data.rows.some((r) => r.stage === g.code)).map((g) => (
            <section key={g.code}>
              <h2>{tx(g.title)}</h2>
              <Outlook of={data} unit={code} stage={g.code} scenario={data.scenarios?.some((s) => s.code === 'middle') ? 'middle' : (data.scenarios?.[0]?.code ?? '')} />
            </section>
          ))}
          <Peaks of={data} unit={code} stage="" />
        </>
      )}
    </div>
  )
}
