import { useEffect, useMemo, useRef, useState } from 'react'
import { Link, useLocation, useParams } from 'react-router'
import { url } from '../../api/client'
import type { StateBody, TypeBody } from '../../api/flow'
import { useApi } from '../../api/use'
import { BasisList, Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { boxWidth, cut, draw } from './graph'
import { useTypes } from './parts'
import { daysWords, effectKeys, placeWords, shapeKeys } from './words'
import './flow.css'

/** A case type as its pack defines it: drawn, and as a table. */
export default function TypePage() {
  const { type = '' } = useParams()
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<TypeBody>(`/api/cases/types/${encodeURIComponent(type)}`)
  useTitle(tx(data?.type.title), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  const { type: head } = data
  const shape = shapeKeys[head.shape]
  return (
    <div className="page flow-type">
      <PageHead
        crumbs={
          <Crumbs
            items={[{ title: t('nav.work'), to: '/work' }, { title: t('flow.all'), to: '/cases' }, { title: tx(head.title) }]}
          />
        }
        title={tx(head.title)}
        lead={tx(head.note)}
      >
        {head.may_open && (
          <Link className="plain-button" to={`/cases/new/${head.id}`}>
            {tx(head.opening)}
          </Link>
        )}
        <Link className="plain-button" to={url('/cases', { type: head.id })}>
          {t('flow.itsCases')}
        </Link>
      </PageHead>
      <p className="flow-tags">
        {shape && <span className="tag">{t(shape)}</span>}
        <span className="tag mono">{head.pack}</span>
        {head.private && <span className="tag">{t('flow.private')}</span>}
        {head.reaches && <span className="tag">{t('flow.needsCode')}</span>}
        {head.burden && <span className="tag">{t(head.burden === 'visit' ? 'flow.countsVisit' : 'flow.countsTask')}</span>}
      </p>
      <dl className="flow-head">
        <div>
          <dt>{t('flow.opensBy')}</dt>
          <dd>
            {data.opens.by.length ? data.opens.by.map((p) => placeWords(p, t, tx)).join(' / ') : t('flow.opensAuto')}
          </dd>
        </div>
        {data.recurs && (
          <div>
            <dt>{t('flow.recurs')}</dt>
            <dd>
              {t('flow.recursText', {
                same: data.recurs.same.map(tx).join(' + '),
                state: tx(data.states.find((s) => s.id === data.recurs?.to)?.title),
              })}
            </dd>
          </div>
        )}
        {data.withdraw && (
          <div>
            <dt>{t('flow.withdrawn')}</dt>
            <dd>{tx(data.states.find((s) => s.id === data.withdraw)?.title)}</dd>
          </div>
        )}
      </dl>
      <Graph body={data} />
      <States body={data} />
      {head.basis.length > 0 && (
        <section>
          <h2>{t('flow.basis')}</h2>
          <BasisList items={head.basis} />
        </section>
      )}
    </div>
  )
}

function Graph({ body }: { body: TypeBody }) {
  const { t, tx } = useLang()
  const { hash } = useLocation()
  const [hot, setHot] = useState('')
  const d = useMemo(
    () =>
      draw(
        body.states.map((s) => ({
          id: s.id,
          end: Boolean(s.end),
          actions: s.actions.map((a) => ({ title: tx(a.title), to: a.to })),
          then: s.then ? { title: t('flow.timeOver'), to: s.then } : undefined,
        })),
        body.opens.to,
      ),
    [body, t, tx],
  )
  const here = hash.replace(/^#s-/, '')
  // A case's own state is brought into sight.
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const b = d.boxes.find((x) => x.id === here)
    if (!b || !frame.current) return
    frame.current.scrollLeft = b.x - (frame.current.clientWidth - boxWidth) / 2
    frame.current.scrollTop = b.y - frame.current.clientHeight / 2
  }, [d, here])
  return (
    <section aria-labelledby="flow-graph">
      <h2 id="flow-graph">{t('flow.graph')}</h2>
      <div className="flow-graph" ref={frame} role="group" aria-labelledby="flow-graph" tabIndex={0}>
        <svg width={d.width} height={d.height} viewBox={`0 0 ${d.width} ${d.height}`} aria-hidden="true">
          <defs>
            <marker id="flow-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
              <path d="M0 0L8 4L0 8z" />
            </marker>
          </defs>
          {d.lines.map((l, i) => (
            <g key={i} className="flow-line" data-kind={l.kind} data-back={l.back} data-hot={hot === l.from || hot === l.to || undefined}>
              <path d={l.path} markerEnd="url(#flow-tip)" />
              <text x={l.label.x} y={l.label.y}>
                <title>{l.title}</title>
                {cut(l.title)}
              </text>
            </g>
          ))}
          {d.boxes.map((b) => {
            const s = body.states.find((x) => x.id === b.id) as StateBody
            return (
              <g
                key={b.id}
                onMouseEnter={() => setHot(b.id)}
                onMouseLeave={() => setHot('')}
                className="flow-box"
                data-end={s.end || undefined}
                data-start={s.id === body.opens.to || undefined}
                data-here={s.id === here || undefined}
              >
                {b.loops.map((l) => (
                  <text key={l.title} x={b.x + boxWidth + 8} y={l.y + 4} className="flow-loop">
                    ↻ {cut(l.title, 24)}
                    <title>{l.title}</title>
                  </text>
                ))}
                <rect x={b.x} y={b.y} width={boxWidth} height={b.h} rx={2} />
                <foreignObject x={b.x} y={b.y} width={boxWidth} height={b.h}>
                  <div className="flow-box-in">
                    <strong>{tx(s.title)}</strong>
                    {s.who.map((p, i) => (
                      <span key={i}>{placeWords(p, t, tx)}</span>
                    ))}
                    {daysWords(s, t, tx) && <em>{daysWords(s, t, tx)}</em>}
                  </div>
                </foreignObject>
              </g>
            )
          })}
        </svg>
      </div>
      <p className="flow-hint flow-legend">
        <span data-kind="act">{t('flow.lineAct')}</span>
        <span data-kind="back">{t('flow.lineBack')}</span>
        <span data-kind="time">{t('flow.lineTime')}</span>
        <span>{t('flow.lineLoop')}</span>
        <span>{t('flow.scrolls')}</span>
      </p>
    </section>
  )
}

/** The same as a table, for whoever does not see the drawing or wants every detail. */
function States({ body }: { body: TypeBody }) {
  const { t, tx } = useLang()
  const types = useTypes()
  const { hash } = useLocation()
  const name = (id: string) => tx(body.states.find((s) => s.id === id)?.title) || id
  const stepTitle = (id: string) =>
    tx(id === 'open' ? body.type.opening : body.states.flatMap((s) => s.actions).find((a) => a.id === id)?.title) || id
  const effect = (e: string) => {
    const [kind = '', what = ''] = e.split(' ')
    const key = effectKeys[kind]
    const title = tx(types?.find((x) => x.id === what)?.title) || what
    return key ? t(key) + (title ? t('common.colon') + title : '') : e
  }
  return (
    <section aria-labelledby="flow-states">
      <h2 id="flow-states">{t('flow.states')}</h2>
      <table className="plain-table flow-table">
        <thead>
          <tr>
            <th scope="col">{t('flow.state')}</th>
            <th scope="col">{t('flow.who')}</th>
            <th scope="col">{t('flow.time')}</th>
            <th scope="col">{t('flow.canDo')}</th>
          </tr>
        </thead>
        <tbody>
          {body.states.map((s) => (
            <tr key={s.id} id={`s-${s.id}`} data-here={hash === `#s-${s.id}` || undefined}>
              <th scope="row">
                {tx(s.title)}
                {s.end && <span className="tag">{t('flow.end')}</span>}
                {tx(s.note) && <small>{tx(s.note)}</small>}
              </th>
              <td data-label={t('flow.who')}>
                {s.who.map((p, i) => (
                  <div key={i}>{placeWords(p, t, tx)}</div>
                ))}
                {s.joint && <small>{t('flow.joint')}</small>}
                {!s.who.length && '—'}
              </td>
              <td data-label={t('flow.time')}>
                {daysWords(s, t, tx) || '—'}
                {s.then && <small>{t('flow.thenTo', { state: name(s.then) })}</small>}
              </td>
              <td data-label={t('flow.canDo')}>
                {s.actions.length ? (
                  <ul>
                    {s.actions.map((a) => (
                      <li key={a.id}>
                        <b>{tx(a.title)}</b> → {name(a.to)}
                        <small>
                          {[
                            a.needs.length > 0 &&
                              t('flow.asks', {
                                list: a.fields
                                  .filter((f) => a.needs.includes(f.name))
                                  .map((f) => tx(f.title))
                                  .join(' / '),
                              }),
                            a.papers && t('flow.papersNeeded', { n: a.papers }),
                            a.note && t('flow.asksNote'),
                            a.not_by?.length && t('flow.notBy', { steps: a.not_by.map(stepTitle).join(t('flow.or')) }),
                            a.returns && t('flow.asksList'),
                            tx(a.guard),
                            ...a.effects.map(effect),
                          ]
                            .filter(Boolean)
                            .join(' · ')}
                        </small>
                      </li>
                    ))}
                  </ul>
                ) : (
                  '—'
                )}
                {s.effects.length > 0 && <small>{t('flow.onEnter', { list: s.effects.map(effect).join(' · ') })}</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
