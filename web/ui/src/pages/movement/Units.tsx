import { Button, Input, Modal, Select } from 'antd'
import { useState, type ReactNode } from 'react'
import { post, type ApiError } from '../../api/client'
import type { Coded, LifeAct, LifeList, LifePreview, MoveMeta } from '../../api/movement'
import { forgetAnswers, useApi } from '../../api/use'
import { PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { number } from '../../lib/format'
import { GroupsChoice, OrgFinder } from './parts'
import './movement.css'

/** Changes of organisations: a new act, previewed before it is carried out, and those so far. */
export default function Units() {
  const { t, tx, problem } = useLang()
  const { data, error, reload } = useApi<LifeList>('/api/lifecycle', true)
  const [failed, setFailed] = useState('')
  useTitle(t('life.title'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting />
  const undo = (a: LifeAct) =>
    Modal.confirm({
      title: t('life.undoSure'),
      content: `${tx(a.title)} · ${tx(a.org?.title)}`,
      okText: t('life.undo'),
      cancelText: t('common.cancel'),
      onOk: async () => {
        setFailed('')
        try {
          await post(`/api/lifecycle/${a.n}/undo`)
          forgetAnswers()
          reload()
        } catch (cause) {
          setFailed(problem(cause as ApiError))
        }
      },
    })
  return (
    <div className="page">
      <PageHead title={t('life.title')} lead={t('life.lead')} />
      <NewAct list={data} onDone={reload} />
      <section>
        <h2>{t('life.list')}</h2>
        <p className="form-error" role="alert">
          {failed}
        </p>
        {data.rows.length === 0 ? (
          <Nothing title={t('life.none')} />
        ) : (
          <ul className="life-list">
            {data.rows.map((a) => (
              <li key={a.n}>
                <span className="num">{a.date}</span>
                <span>
                  <strong>{tx(a.org?.title)}</strong> {tx(a.title)}{' '}
                  {a.name || a.address || tx(a.successor?.title) || tx(a.parent?.title)}{' '}
                  <small className="muted">{[a.paper, a.who].filter(Boolean).join(' · ')}</small>
                  {a.stuck.zh && (
                    <small className="life-stuck" role="status">
                      {t('life.stuck')} {tx(a.stuck)}
                    </small>
                  )}
                </span>
                <span className="move-when">
                  <span className="tag" data-move={a.state === 'planned' ? 'requested' : a.state}>
                    {t(`life.state.${a.state}`)}
                  </span>
                  {(a.state === 'done' || a.state === 'planned') && (
                    <Button size="small" onClick={() => undo(a)}>
                      {t('life.undo')}
                    </Button>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  )
}

function NewAct({ list, onDone }: { list: LifeList; onDone: () => void }) {
  const { t, tx, problem } = useLang()
  const { data: meta } = useApi<MoveMeta>('/api/movement')
  const [act, setAct] = useState('')
  const [org, setOrg] = useState<Coded | null>(null)
  const [other, setOther] = useState<Coded | null>(null)
  const [date, setDate] = useState(list.today)
  const [text, setText] = useState('')
  const [groups, setGroups] = useState<string[]>([])
  const [paper, setPaper] = useState('')
  const [seen, setSeen] = useState<LifePreview | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const does = list.kinds.find((k) => k.id === act)?.does ?? ''
  const body = {
    act,
    org: org?.code ?? '',
    date,
    name: does === 'rename' ? text : '',
    address: does === 'move' ? text : '',
    parent: does === 'manage' ? (other?.code ?? '') : '',
    successor: does === 'merge' || does === 'split' ? (other?.code ?? '') : '',
    groups: does === 'split' ? groups : [],
    paper,
  }
  const send = async (preview: boolean) => {
    setBusy(true)
    setError('')
    try {
      if (preview) {
        setSeen(await post<LifePreview>('/api/lifecycle/preview', body))
      } else {
        await post('/api/lifecycle', body)
        forgetAnswers()
        setSeen(null)
        setAct('')
        setOrg(null)
        onDone()
      }
    } catch (cause) {
      setSeen(null)
      setError(problem(cause as ApiError))
    } finally {
      setBusy(false)
    }
  }
  /** Whatever is changed asks for a new preview. */
  const then =
    <T,>(set: (v: T) => void) =>
    (v: T) => {
      set(v)
      setSeen(null)
    }
  return (
    <form
      className="now-box move-form"
      onSubmit={(e) => {
        e.preventDefault()
        void send(!seen)
      }}
    >
      <h2>{t('life.new')}</h2>
      <Field id="act" label={t('life.act')}>
        <Select
          id="act"
          value={act || null}
          placeholder={t('move.choose')}
          onChange={then((v: string) => {
            setAct(v)
            setOther(null)
            setText('')
          })}
          options={list.kinds.map((k) => ({ value: k.id, label: tx(k.title) }))}
        />
      </Field>
      <Field id="org" label={t('life.org')}>
        <OrgFinder id="org" from="/api/lifecycle/orgs" value={org} onChange={then(setOrg)} />
      </Field>
      {(does === 'rename' || does === 'move') && (
        <Field id="text" label={t(does === 'rename' ? 'life.name' : 'life.address')}>
          <Input id="text" value={text} maxLength={80} onChange={(e) => then(setText)(e.target.value)} />
        </Field>
      )}
      {(does === 'merge' || does === 'split') && (
        <Field id="other" label={t('life.successor')}>
          <OrgFinder id="other" from="/api/lifecycle/orgs" value={other} onChange={then(setOther)} />
        </Field>
      )}
      {does === 'manage' && (
        <Field id="other" label={t('life.parent')}>
          <OrgFinder id="other" from="/api/lifecycle/orgs?kind=parent" value={other} onChange={then(setOther)} />
        </Field>
      )}
      {does === 'split' && org && meta && (
        <Field id="groups" label={`${t('life.who')} · ${tx(meta.group?.title)}`}>
          <GroupsChoice id="groups" meta={meta} org={org.code} year={meta.year} value={groups} onChange={then(setGroups)} />
        </Field>
      )}
      <Field id="date" label={t('life.date')}>
        <Input id="date" type="date" value={date} onChange={(e) => then(setDate)(e.target.value)} />
      </Field>
      <Field id="paper" label={t('life.paper')}>
        <Input id="paper" value={paper} maxLength={80} onChange={(e) => then(setPaper)(e.target.value)} />
      </Field>
      {seen && (
        <div className="life-preview" role="status">
          <p>
            <strong>{tx(org?.title)}</strong> {seen.before}
            {seen.after && ` → ${seen.after}`}
          </p>
          {[...seen.facts, ...seen.persons, ...(seen.groups ? [seen.groups] : [])].map((c, i) => (
            <p key={i}>
              {tx(c.title)} <b className="num">{number(c.count)}</b>
            </p>
          ))}
          {seen.waits && <p className="form-note">{t('life.waits')}</p>}
        </div>
      )}
      <div className="move-buttons">
        <Button type={seen ? 'primary' : 'default'} htmlType="submit" loading={busy} disabled={!act || !org || !date}>
          {seen ? t('life.go') : t('life.preview')}
        </Button>
      </div>
      <p className="form-error" role="alert">
        {error}
      </p>
    </form>
  )
}

function Field({ id, label, children }: { id: string; label: string; children: ReactNode }) {
  return (
    <div className="move-field">
      <label htmlFor={id}>{label}</label>
      {children}
    </div>
  )
}
