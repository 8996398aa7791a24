import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Button, Checkbox } from 'antd'
import { Link } from 'react-router'
import { ApiError, get, post, url } from '../../api/client'
import type { Acted, Case, InboxPage, Task, TypeBody, TypeHead } from '../../api/flow'
import { forgetAnswers, useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { number } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { ownerOf } from '../../lib/offline'
import { useSession } from '../../session'
import { DraftList } from './Drafts'
import { newId } from './kept'
import { Notices } from './Notices'
import { CaseItem, useTypes } from './parts'
import { sendReady } from './sending'
import { plainActions } from './words'
import './flow.css'

const limit = 50

/** What waits for the reader, over all businesses, by due date. */
export default function Inbox() {
  const { t, tx } = useLang()
  const { session } = useSession()
  const { values, set } = useQuery()
  const types = useTypes()
  const type = values.type ?? ''
  const { data, error, loading, reload } = useApi<InboxPage>(url('/api/cases/inbox', { type, limit }), true)
  const [said, setSaid] = useState('')
  const owner = session?.user ? ownerOf(session.user) : ''
  useTitle(t('flow.inbox'), t('app.name'))
  const done = useCallback(
    (words: string) => {
      setSaid(words)
      forgetAnswers()
      reload()
    },
    [reload],
  )
  const sent = useSendReady(owner, reload)
  const tallies = data?.tallies ?? []
  const all = tallies.reduce((n, x) => n + x.open, 0)
  const late = tallies.reduce((n, x) => n + x.late, 0)
  return (
    <div className="page flow-inbox">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('flow.inbox') }]} />}
        title={t('flow.inbox')}
        lead={data ? t('flow.inboxCount', { n: number(all), late: number(late) }) : ''}
      >
        <Link className="plain-button" to="/cases/new">
          {t('flow.new')}
        </Link>
        <Link className="plain-button" to="/cases">
          {t('flow.all')}
        </Link>
      </PageHead>
      <Notices />
      <DraftList owner={owner} title={t('flow.drafts')} />
      {sent.map((c) => (
        <p key={c.no} className="success" role="status">
          {c.level > 0 ? t('flow.cameBack', { no: c.no, n: c.level }) : t('flow.openedNo', { no: c.no })}{' '}
          <Link to={`/cases/${encodeURIComponent(c.no)}`}>{t('flow.seeCase')}</Link>
        </p>
      ))}
      {tallies.length > 1 && (
        <div className="flow-tallies" role="group" aria-label={t('flow.byType')}>
          <button type="button" className="plain-button" aria-pressed={!type} onClick={() => set({ type: null }, true)}>
            {t('flow.everything')} <span className="num">{number(all)}</span>
          </button>
          {tallies.map((x) => (
            <button
              key={x.type}
              type="button"
              className="plain-button"
              aria-pressed={type === x.type}
              onClick={() => set({ type: x.type }, true)}
            >
              {typeTitle(types, x.type, tx)} <span className="num">{number(x.open)}</span>
              {x.late > 0 && <span className="lost num"> {t('flow.lateN', { n: number(x.late) })}</span>}
            </button>
          ))}
        </div>
      )}
      {said && (
        <p className="success" role="status">
          {said}
        </p>
      )}
      {error && <Problem error={error} retry={reload} />}
      {!data && !error && <Waiting />}
      {data && data.rows.length === 0 && <Nothing title={t('flow.inboxNone')} />}
      {data && data.rows.length > 0 && (
        <Rows key={`${type} ${loading ? '' : data.rows.map((r) => r.no + r.step).join()}`} first={data} type={type} onDone={done} />
      )}
    </div>
  )
}

function typeTitle(types: TypeHead[] | null, id: string, tx: (w: TypeHead['title']) => string): string {
  const x = types?.find((k) => k.id === id)
  return x ? tx(x.title) : id
}

/** Sends drafts that only waited for the network, when the inbox opens and when the network is back. */
function useSendReady(owner: string, then: () => void): Case[] {
  const { problem } = useLang()
  const [sent, setSent] = useState<Case[]>([])
  const words = useRef(problem)
  words.current = problem
  useEffect(() => {
    const go = () =>
      void sendReady(owner, (e) => words.current(e)).then((list) => {
        if (!list.length) return
        setSent((old) => [...old, ...list])
        then()
      })
    go()
    window.addEventListener('online', go)
    return () => window.removeEventListener('online', go)
  }, [owner, then])
  return sent
}

function Rows({ first, type, onDone }: { first: InboxPage; type: string; onDone: (said: string) => void }) {
  const { t, problem } = useLang()
  const { session } = useSession()
  const [more, setMore] = useState<Task[]>([])
  const [end, setEnd] = useState(first.rows.length < limit)
  const [picked, setPicked] = useState<string[]>([])
  const [taken, setTaken] = useState<Record<string, string>>({})
  const [error, setError] = useState('')
  const rows = useMemo(() => {
    const seen = new Set<string>()
    return [...first.rows, ...more].filter((r) => !seen.has(r.no) && seen.add(r.no))
  }, [first, more])
  const lead = rows.find((r) => r.no === picked[0])
  const me = session?.user?.name ?? ''
  const load = async () => {
    const last = rows.at(-1)
    if (!last) return
    try {
      const p = await get<InboxPage>(
        url('/api/cases/inbox', { type, limit, after_due: last.due || 99991231, after: last.id }),
      )
      setMore((m) => [...m, ...p.rows])
      setEnd(p.rows.length < limit)
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
  }
  const take = async (c: Task, mine: boolean) => {
    setError('')
    try {
      await post(`/api/cases/${encodeURIComponent(c.no)}/take`, { mine })
      forgetAnswers()
      setTaken((x) => ({ ...x, [c.no]: mine ? me : '' }))
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
  }
  return (
    <>
      <ul className="flow-list">
        {rows.map((c) => {
          const holder = taken[c.no] ?? c.taken
          const same = !lead || (lead.type === c.type && lead.state.id === c.state.id)
          return (
            <CaseItem
              key={c.no}
              of={c}
              lead={
                <Checkbox
                  checked={picked.includes(c.no)}
                  disabled={!same}
                  aria-label={t('flow.pick', { no: c.no })}
                  onChange={(e) => setPicked((p) => (e.target.checked ? [...p, c.no] : p.filter((x) => x !== c.no)))}
                />
              }
            >
              <span className="flow-holder">
                {holder && <span className="muted">{holder === me ? t('flow.takenByMe') : t('flow.takenBy', { who: holder })}</span>}
                <button type="button" className="text-button" onClick={() => void take(c, holder !== me)}>
                  {t(holder === me ? 'flow.giveBack' : holder ? 'flow.takeOver' : 'flow.take')}
                </button>
              </span>
            </CaseItem>
          )
        })}
      </ul>
      {error && (
        <p className="form-error" role="alert">
          {error}
        </p>
      )}
      {!end && (
        <Button className="flow-more" onClick={() => void load()}>
          {t('flow.more')}
        </Button>
      )}
      {lead && (
        <Batch
          key={`${lead.type} ${lead.state.id}`}
          list={rows.filter((r) => picked.includes(r.no))}
          all={rows.filter((r) => r.type === lead.type && r.state.id === lead.state.id)}
          onPick={setPicked}
          onDone={onDone}
        />
      )}
    </>
  )
}

/** One action for several cases of the same type and state. */
function Batch({
  list,
  all,
  onPick,
  onDone,
}: {
  list: Task[]
  all: Task[]
  onPick: (no: string[]) => void
  onDone: (said: string) => void
}) {
  const { t, tx, lang, problem } = useLang()
  const { data } = useApi<TypeBody>(`/api/cases/types/${list[0]?.type}`)
  const ids = useRef(new Map<string, string>())
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const actions = plainActions(data, list[0]?.state.id ?? '')
  const idOf = (c: Task, action: string) => {
    const key = `${c.no} ${c.step} ${action}`
    const id = ids.current.get(key) ?? newId()
    ids.current.set(key, id)
    return id
  }
  const act = async (action: string) => {
    setBusy(true)
    setError('')
    try {
      const r = await post<Acted>('/api/cases/acts', {
        acts: list.map((c) => ({ id: idOf(c, action), no: c.no, action, step: c.step })),
      })
      const failed = r.failed.map((f) => `${f.no}: ${lang === 'en' ? f.message_en : f.message_zh}`).join('; ')
      onDone([t('flow.batchDone', { n: r.done.length }), failed && t('flow.batchFailed', { list: failed })].filter(Boolean).join(' · '))
    } catch (cause) {
      setError(problem(cause as ApiError))
      setBusy(false)
    }
  }
  return (
    <div className="flow-batch" role="group" aria-label={t('flow.picked', { n: list.length })}>
      <strong className="num">{t('flow.picked', { n: list.length })}</strong>
      {all.length > list.length && (
        <button type="button" className="text-button" onClick={() => onPick(all.map((c) => c.no))}>
          {t('flow.pickAll', { n: all.length })}
        </button>
      )}
      <button type="button" className="text-button" onClick={() => onPick([])}>
        {t('flow.pickNone')}
      </button>
      {actions.map((a) => (
        <Button key={a.id} type="primary" loading={busy} onClick={() => void act(a.id)}>
          {tx(a.title)}
        </Button>
      ))}
      {data && !actions.length && <span className="muted">{t('flow.batchNone')}</span>}
      {error && (
        <span className="form-error" role="alert">
          {error}
        </span>
      )}
    </div>
  )
}
