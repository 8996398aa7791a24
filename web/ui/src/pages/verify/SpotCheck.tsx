import { useState } from 'react'
import { Button, Checkbox } from 'antd'
import { Link, useParams } from 'react-router'
import { post, type ApiError } from '../../api/client'
import { forgetAnswers, useApi } from '../../api/use'
import type { CheckPage, Sample } from '../../api/verify'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { Sure } from '../../components/Sure'
import { useLang, useTitle } from '../../i18n'
import { percent } from '../../lib/format'
import { Mark } from './parts'

/** The random sample of one unit: each record is looked at and found right or wrong. */
export default function SpotCheck() {
  const { id = '', unit = '' } = useParams()
  const { t, tx, problem } = useLang()
  const base = `/api/verify/rounds/${encodeURIComponent(id)}/checks/${encodeURIComponent(unit)}`
  const { data, error, reload } = useApi<CheckPage>(base, true)
  const [failed, setFailed] = useState('')
  useTitle(t('ver.checks'), tx(data?.check?.unit.title), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  const c = data.check
  const busy = data.round.state === 'checking' && c && !c.settled
  const left = data.samples.filter((s) => !s.result)
  const look = async (list: Sample[], result: string, fields: string[] = []) => {
    setFailed('')
    try {
      for (const s of list) await post(base, { place: s.place, result, fields, note: '' })
    } catch (cause) {
      setFailed(problem(cause as ApiError))
    }
    forgetAnswers()
    reload()
  }
  return (
    <div className="page">
      <PageHead
        crumbs={
          <Crumbs
            items={[
              { title: t('ver.rounds'), to: '/verify/rounds' },
              { title: tx(data.round.title), to: `/verify/rounds/${id}` },
              { title: tx(c?.unit.title) },
            ]}
          />
        }
        title={`${t('ver.checks')} · ${tx(c?.unit.title)}`}
        lead={
          c && (
            <>
              {t('ver.population')} {c.population} · {t('ver.size')} {c.size} · {t('ver.wrong')} {c.wrong}
              {c.checked > 0 &&
                ` · ${t('ver.interval', { c: c.confidence })} ${percent(c.low, 1)}–${percent(c.high, 1)}`}
            </>
          )
        }
      >
        {busy && left.length > 0 && left.length < data.samples.length && (
          <Button onClick={() => void look(left, 'right')}>{t('ver.restRight', { n: left.length })}</Button>
        )}
        {busy && (
          <Sure
            primary
            disabled={left.length > 0}
            label={left.length > 0 ? t('ver.left', { n: left.length }) : t('ver.settle')}
            text={t('ver.settleSure')}
            run={async () => {
              await post(`${base}/settle`)
              forgetAnswers()
              reload()
            }}
          />
        )}
        {c?.settled && <Mark word="ver.settled" mark="met" />}
      </PageHead>
      <p className="form-error" role="alert">
        {failed}
      </p>
      <ol className="ver-samples">
        {data.samples.map((s) => (
          <One key={s.place} sample={s} page={data} may={Boolean(busy)} onLook={(r, f) => look([s], r, f)} />
        ))}
      </ol>
    </div>
  )
}

function One({
  sample: s,
  page,
  may,
  onLook,
}: {
  sample: Sample
  page: CheckPage
  may: boolean
  onLook: (result: string, fields?: string[]) => Promise<void>
}) {
  const { t, tx } = useLang()
  const [wrong, setWrong] = useState<string[] | null>(null)
  const table = page.tables.find((x) => x.entity === s.entity)
  const title = (name: string) => tx(table?.columns.find((c) => c.name === name)?.title) || name
  const shown = table?.fields.filter((f) => table.columns.some((c) => c.name === f)) ?? []
  return (
    <li data-result={s.result || undefined}>
      <p className="ver-head">
        <Link className="mono" to={`/records/${s.entity}/${s.rec}`}>
          {t('ver.sampleNo', { n: s.place })}
        </Link>
        <strong>{tx(s.org.title)}</strong>
        <span className="muted">{tx(table?.title)}</span>
        {s.result && (
          <Mark
            word={s.result === 'right' ? 'ver.right' : 'ver.isWrong'}
            mark={s.result === 'right' ? 'met' : 'not_met'}
          />
        )}
        {s.fields.length > 0 && <span className="bad">{s.fields.map(title).join(t('common.comma'))}</span>}
      </p>
      {s.record ? (
        <dl className="ver-fields">
          {shown.map((f) => (
            <div key={f}>
              <dt>{title(f)}</dt>
              <dd>{tx(s.record?.[f]) || '—'}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p className="muted">{t('ver.hidden')}</p>
      )}
      {may && (
        <div className="ver-tools">
          <Button
            size="small"
            onClick={() => {
              setWrong(null)
              void onLook('right')
            }}
          >
            {t('ver.right')}
          </Button>
          {wrong === null ? (
            <Button size="small" danger onClick={() => setWrong(s.fields)}>
              {t('ver.isWrong')}
            </Button>
          ) : (
            <>
              <Checkbox.Group
                aria-label={t('ver.wrongFields')}
                value={wrong}
                options={shown.map((f) => ({ value: f, label: title(f) }))}
                onChange={(list) => setWrong(list as string[])}
              />
              <Button
                size="small"
                type="primary"
                danger
                disabled={wrong.length === 0}
                onClick={() => {
                  void onLook('wrong', wrong)
                  setWrong(null)
                }}
              >
                {t('ver.send')}
              </Button>
            </>
          )}
        </div>
      )}
    </li>
  )
}
