import { Pagination, Select } from 'antd'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { post, url, type ApiError } from '../../api/client'
import type { MoveMeta, YearPersons } from '../../api/movement'
import { forgetAnswers, useApi } from '../../api/use'
import { Crumbs, PageHead, useYearName } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { cellText } from '../../lib/cell'
import { useQuery } from '../../lib/link'
import { acts } from './YearEnd'
import './movement.css'

const page = 50

/** One unit's end of year, person by person, with what its holder decides otherwise. */
export default function YearUnit() {
  const { org = '' } = useParams()
  const { t, tx, problem } = useLang()
  const { values, set } = useQuery()
  const name = useYearName()
  const { data: meta } = useApi<MoveMeta>('/api/movement')
  const [turn, setTurn] = useState(0)
  const [failed, setFailed] = useState('')
  const year = Number(values.year ?? meta?.year ?? 0)
  const at = Number(values.page ?? 1)
  const act = values.act ?? ''
  const gone = values.gone ?? ''
  const path = year ? url('/api/yearend/persons', { year, org, act, gone, offset: (at - 1) * page, limit: page, turn }) : null
  const { data, error, reload } = useApi<YearPersons>(path, true)
  const { data: found } = useApi<{ code: string; title: { zh: string; en: string } }[]>(url('/api/movement/takers', { q: org }))
  const title = tx(found?.find((c) => c.code === org)?.title ?? org)
  useTitle(`${title} · ${t('year.title')}`, t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data || !meta) return <Waiting />
  const f = meta.person.fields
  const except = async (rec: number, what: string, group = '') => {
    setFailed('')
    try {
      await post('/api/yearend/exceptions', { year, rec, act: what, group, note: '' })
      forgetAnswers()
      setTurn((n) => n + 1)
    } catch (cause) {
      setFailed(problem(cause as ApiError))
    }
  }
  const tabs = [{ key: '', label: t('common.all') }, ...acts.map((a) => ({ key: a as string, label: t(`year.act.${a}`) }))]
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('year.of', { year: name(year) }), to: url('/work/yearend', { year }) }, { title }]} />}
        title={title}
        lead={gone === 'vanished' ? t('year.vanishedNote') : gone === 'untold' ? t('year.untoldNote') : undefined}
      />
      <div className="move-tabs" role="tablist">
        {tabs.map((x) => (
          <button key={x.key} role="tab" aria-selected={!gone && act === x.key} onClick={() => set({ act: x.key || null, gone: null, page: null })}>
            {x.label}
          </button>
        ))}
        {(['vanished', 'untold'] as const).map((x) => (
          <button key={x} role="tab" aria-selected={gone === x} onClick={() => set({ act: null, gone: x, page: null })}>
            {t(`year.${x}`)}
          </button>
        ))}
      </div>
      <p className="form-error" role="alert">
        {failed}
      </p>
      {data.page.rows.length === 0 ? (
        <Nothing />
      ) : (
        <ul className="move-list year-list">
          {data.page.rows.map((r) => {
            const o = data.outcomes[String(r.rec)]
            if (!o) return null
            const free = o.act === 'promoted' || o.act === 'repeats' || o.act === 'graduates' || o.act === 'leaves' || o.exception
            return (
              <li key={r.rec}>
                <span className="move-who">
                  <Link to={`/records/${data.page.entity}/${r.rec}`}>
                    <strong>{cellText(r, f.name ?? '', tx)}</strong>
                  </Link>
                  <span className="mono muted">{cellText(r, f.key ?? '', tx)}</span>
                </span>
                <span className="move-way">
                  {o.from && tx(o.from.title)}
                  {o.to && (
                    <>
                      <i aria-hidden="true"> → </i>
                      {tx(o.to.title)}
                    </>
                  )}
                  {o.group && <small className="mono muted"> {o.group}</small>}
                </span>
                <span className="move-when">
                  <span className="tag" data-act={o.act}>
                    {t(`year.act.${o.act}` as 'year.act.promoted')}
                    {o.why && t('common.colon') + t(`year.why.${o.why}` as 'year.why.held')}
                  </span>
                  {free && (
                    <Select
                      size="small"
                      aria-label={t('year.exception')}
                      value={o.exception ? (o.act === 'repeats' ? 'repeat' : o.act === 'leaves' ? 'leave' : '') : ''}
                      onChange={(v) => void except(r.rec, v)}
                      options={(['', 'repeat', 'leave'] as const).map((x) => ({ value: x, label: t(`year.except.${x}`) }))}
                    />
                  )}
                  {o.to && data.groups.filter((g) => g.grade?.code === o.to?.code).length > 1 && (
                    <Select
                      size="small"
                      aria-label={tx(meta.group?.title ?? '')}
                      value={o.group || null}
                      onChange={(v: string) => void except(r.rec, o.act === 'repeats' ? 'repeat' : 'promote', v)}
                      options={data.groups.filter((g) => g.grade?.code === o.to?.code).map((g) => ({ value: g.key, label: g.name }))}
                    />
                  )}
                  {free && o.exception && <small className="muted">{t('year.set')}</small>}
                </span>
              </li>
            )
          })}
        </ul>
      )}
      {data.total > page && (
        <Pagination current={at} pageSize={page} total={data.total} showSizeChanger={false} onChange={(n) => set({ page: n === 1 ? null : n })} />
      )}
      {data.groups.length > 0 && !gone && (
        <section>
          <h2>
            {t('year.groups')} · {tx(meta.group?.title ?? '')}
          </h2>
          <ul className="move-groups">
            {data.groups.map((g) => (
              <li key={g.key}>
                <span className="mono">{g.key}</span> <strong>{g.name}</strong> <span className="num muted">{g.persons}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
