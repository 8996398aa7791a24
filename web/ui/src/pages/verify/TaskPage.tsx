import { useState } from 'react'
import { Button, Checkbox } from 'antd'
import { Link, useParams } from 'react-router'
import { post, url, type ApiError } from '../../api/client'
import type { Column, Row } from '../../api/types'
import { forgetAnswers, useApi } from '../../api/use'
import type { TaskItem, TaskPage as Answer } from '../../api/verify'
import { Crumbs, PageHead, Pager } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { Sure } from '../../components/Sure'
import { useLang, useTitle } from '../../i18n'
import type { Key } from '../../i18n/dict'
import { cellText } from '../../lib/cell'
import { day, number } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { AnswerDialog, type Asked } from './AnswerDialog'
import { Links } from './Links'
import { CountStrip, Mark } from './parts'
import { answerMark, answerWord } from './words'

const filters: [string, Key][] = [
  ['open', 'ver.open'],
  ['other', 'ver.other'],
  ['confirm', 'ver.confirmed'],
  ['', 'common.all'],
]

const limit = 50

/** One task: tick what is not right, answer that, and confirm the rest together. */
export default function TaskPage() {
  const { id = '' } = useParams()
  const { t, tx, problem } = useLang()
  const { values, set } = useQuery()
  const kind = values.kind ?? (values.all ? '' : 'open')
  const offset = Number(values.offset ?? 0)
  const { data, error, reload } = useApi<Answer>(
    url(`/api/verify/tasks/${encodeURIComponent(id)}`, { kind, q: values.q, offset, limit }),
    true,
  )
  const [ticked, setTicked] = useState<number[]>([])
  const [asked, setAsked] = useState<Asked | null>(null)
  const [said, setSaid] = useState('')
  const [failed, setFailed] = useState('')
  useTitle(tx(data?.task.title), t('ver.tasks'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  const task = data.task
  const rows = new Map(data.rows.map((r) => [r.rec, r]))
  const columns = data.fields.map((f) => data.columns.find((c) => c.name === f)).filter((c): c is Column => !!c)
  const answer = async (body: object) => {
    setFailed('')
    setSaid('')
    try {
      const out = await post<{ records: number; changed: number }>(`/api/verify/tasks/${id}/answers`, {
        rev: task.rev,
        seen: data.seen,
        ...body,
      })
      setSaid(
        t('ver.did', { n: out.records }) + (out.changed ? ` · ${t('ver.didChanged', { n: out.changed })}` : ''),
      )
      setTicked([])
    } finally {
      forgetAnswers()
      reload()
    }
  }
  const tick = (rec: number, on: boolean) => setTicked((l) => (on ? [...l, rec] : l.filter((x) => x !== rec)))
  return (
    <div className="page ver-task">
      <PageHead
        crumbs={
          <Crumbs items={[{ title: t('ver.tasks'), to: '/verify/tasks' }, { title: tx(task.round.title) }]} />
        }
        title={`${tx(task.round.title)} · ${tx(task.title)}`}
        lead={
          <>
            {tx(task.org.title)} · {t('ver.due', { date: day(task.due) })}
          </>
        }
      />
      <p className="ver-how">{tx(task.round.instructions)}</p>
      {task.returned > 0 && task.open > 0 && <p className="bad">{t('ver.givenBack')}</p>}
      <CountStrip counts={task} />
      {data.asks && data.may_answer && <Links task={task.id} groups={data.groups} links={data.links} onDone={reload} />}
      <div className="ver-filters">
        <div role="group" aria-label={t('ver.filter')}>
          {filters.map(([k, word]) => (
            <button
              key={k}
              type="button"
              className="plain-button"
              aria-pressed={kind === k}
              onClick={() => set({ kind: k || null, all: k ? null : '1', offset: null })}
            >
              {t(word)}
            </button>
          ))}
        </div>
        <input
          className="find"
          defaultValue={values.q ?? ''}
          placeholder={t('ver.find')}
          aria-label={t('ver.find')}
          onKeyDown={(e) => e.key === 'Enter' && set({ q: e.currentTarget.value, offset: null })}
        />
      </div>
      {data.items.length === 0 ? (
        <Nothing />
      ) : (
        <Items items={data.items} rows={rows} columns={columns} entity={task.entity} may={data.may_answer} ticked={ticked} onTick={tick} />
      )}
      <Pager total={data.total} offset={offset} limit={limit} onGo={(o) => set({ offset: o || null })} />
      <p className="success" role="status">
        {said}
      </p>
      <p className="form-error" role="alert">
        {failed}
      </p>
      {data.may_answer ? (
        <div className="ver-bar-tools">
          {ticked.length > 0 && (
            <>
              <span>{t('ver.ticked', { n: ticked.length })}</span>
              <Button onClick={() => setAsked({ kind: 'dispute', recs: ticked })}>{t('ver.dispute')}</Button>
              <Button onClick={() => setAsked({ kind: 'cannot', recs: ticked })}>{t('ver.cannot')}</Button>
              {ticked.length === 1 && data.corrects && (
                <Button onClick={() => setAsked({ kind: 'correct', recs: ticked })}>{t('ver.correct')}</Button>
              )}
              <Button
                onClick={() =>
                  void answer({ kind: 'confirm', recs: ticked }).catch((e: unknown) => setFailed(problem(e as ApiError)))
                }
              >
                {t('ver.confirmThese')}
              </Button>
            </>
          )}
          {ticked.length === 0 && task.open > 0 && (
            <Sure
              primary
              label={t('ver.confirmRest', { n: number(task.open) })}
              text={t('ver.confirmRestSure', { n: number(task.open) })}
              run={() => answer({ kind: 'confirm', rest: true })}
            />
          )}
        </div>
      ) : (
        <p className="muted">{t('ver.readOnly')}</p>
      )}
      {asked && (
        <AnswerDialog
          asked={asked}
          columns={columns}
          row={rows.get(asked.recs[0] ?? 0)}
          onClose={() => setAsked(null)}
          onSend={answer}
        />
      )}
    </div>
  )
}

function Items({
  items,
  rows,
  columns,
  entity,
  may,
  ticked,
  onTick,
}: {
  items: TaskItem[]
  rows: Map<number, Row>
  columns: Column[]
  entity: string
  may: boolean
  ticked: number[]
  onTick: (rec: number, on: boolean) => void
}) {
  const { t, tx } = useLang()
  return (
    <div className="scroll-x">
      <table className="ver-table cards">
        <thead>
          <tr>
            {may && <th aria-hidden="true" />}
            {columns.map((c) => (
              <th scope="col" key={c.name}>
                {tx(c.title)}
              </th>
            ))}
            <th scope="col">{t('ver.answer')}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((i) => {
            const row = rows.get(i.rec)
            return (
              <tr key={i.rec} data-ticked={ticked.includes(i.rec) || undefined}>
                {may && (
                  <td className="tick">
                    <Checkbox
                      aria-label={row ? cellText(row, columns[0]?.name ?? '', tx) : String(i.rec)}
                      checked={ticked.includes(i.rec)}
                      disabled={i.kind === 'gone'}
                      onChange={(e) => onTick(i.rec, e.target.checked)}
                    />
                  </td>
                )}
                {columns.map((c, k) => (
                  <td key={c.name} data-label={tx(c.title)}>
                    {!row ? '—' : k === 0 ? (
                      <Link to={`/records/${entity}/${i.rec}`}>{cellText(row, c.name, tx)}</Link>
                    ) : (
                      cellText(row, c.name, tx)
                    )}
                  </td>
                ))}
                <td data-label={t('ver.answer')}>
                  <Mark word={answerWord[i.kind] ?? 'ver.open'} mark={answerMark[i.kind] ?? ''} />
                  {i.changed && <small className="bad"> {t('ver.changed')}</small>}
                  {i.by_link && <small className="muted"> {t('ver.byLink')}</small>}
                  {i.note && <small className="muted"> {i.note}</small>}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
