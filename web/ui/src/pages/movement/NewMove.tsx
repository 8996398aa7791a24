import { Button, Input, Segmented, Select } from 'antd'
import { useEffect, useState } from 'react'
import { useNavigate } from 'react-router'
import { get, post, url, type ApiError } from '../../api/client'
import type { Coded, MoveCase, MoveMeta, MovePerson, MoveType } from '../../api/movement'
import { forgetAnswers, useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { useQuery } from '../../lib/link'
import { useSession } from '../../session'
import { GroupChoice, OrgFinder, PersonFinder } from './parts'
import './movement.css'

/** Begins a change: for one of the reader's own, or for somebody elsewhere by number and name. */
export default function NewMove() {
  const { t } = useLang()
  const { data: meta, error, reload } = useApi<MoveMeta>('/api/movement')
  useTitle(t('move.new'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!meta) return <Waiting />
  return (
    <div className="page">
      <PageHead crumbs={<Crumbs items={[{ title: t('move.title'), to: '/work/moves' }, { title: t('move.new') }]} />} title={t('move.new')} />
      <Form meta={meta} />
    </div>
  )
}

function Form({ meta }: { meta: MoveMeta }) {
  const { t, tx, problem } = useLang()
  const { session } = useSession()
  const { values } = useQuery()
  const go = useNavigate()
  const ours = session?.user?.org ?? ''
  const { data: here } = useApi<Coded[]>(url('/api/movement/takers', { q: ours }))
  const self = here?.find((c) => c.code === ours) ?? null // set when the reader's own organisation can take somebody
  const [whose, setWhose] = useState<'mine' | 'theirs'>('mine')
  const [rec, setRec] = useState<number | null>(values.rec ? Number(values.rec) : null)
  const [person, setPerson] = useState<MovePerson | null>(null)
  const [number, setNumber] = useState('')
  const [name, setName] = useState('')
  const [type, setType] = useState('')
  const [taker, setTaker] = useState<Coded | null>(null)
  const [group, setGroup] = useState('')
  const [date, setDate] = useState(meta.day)
  const [place, setPlace] = useState('')
  const [reason, setReason] = useState('')
  const [evidence, setEvidence] = useState('')
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')

  useEffect(() => {
    setPerson(null)
    if (!rec) return
    const stop = new AbortController()
    get<MovePerson>(`/api/movement/persons/${rec}`, stop.signal).then(setPerson, () => {})
    return () => stop.abort()
  }, [rec])

  const types = meta.types.filter((k) => (whose === 'mine' ? person?.types.includes(k.id) : k.side === 'two' || k.side === 'in'))
  const kind: MoveType | undefined = types.find((k) => k.id === type)
  const asks = kind?.side === 'two' && whose === 'mine'
  const takes = whose === 'theirs' && kind && !self
  const target = whose === 'theirs' ? (self ?? taker) : taker
  const ready = kind && date && (whose === 'mine' ? rec : number.trim() && name.trim()) && (!(asks || takes) || taker)

  const submit = async () => {
    setBusy(true)
    setError('')
    try {
      const c = await post<MoveCase>('/api/movement/cases', {
        type,
        rec: whose === 'mine' ? rec : 0,
        number: whose === 'theirs' ? number : '',
        name: whose === 'theirs' ? name : '',
        taker: target && (asks || whose === 'theirs') ? target.code : '',
        date,
        group,
        place: kind?.needs.includes('place') ? place : '',
        reason,
        evidence,
        note,
      })
      forgetAnswers()
      go(`/work/moves/${c.n}`)
    } catch (cause) {
      setError(problem(cause as ApiError))
      setBusy(false)
    }
  }
  const label = (code: string) => tx(meta.labels.find((l) => l.code === code)?.title ?? '')
  return (
    <form
      className="now-box move-form"
      onSubmit={(e) => {
        e.preventDefault()
        void submit()
      }}
    >
      <Segmented
        block
        value={whose}
        onChange={(v) => {
          setWhose(v as 'mine' | 'theirs')
          setType('')
        }}
        options={[
          { value: 'mine', label: t('move.mine') },
          { value: 'theirs', label: t('move.theirs') },
        ]}
      />
      {whose === 'mine' ? (
        <Field id="person" label={tx(meta.person.title)}>
          <PersonFinder id="person" meta={meta} onChange={setRec} />
          {person && (
            <p className="move-picked">
              <strong>{person.label}</strong> {person.grade && tx(person.grade.title)}
            </p>
          )}
        </Field>
      ) : (
        <>
          <p className="form-hint">{t('move.theirsNote')}</p>
          <Field id="number" label={label('key')}>
            <Input id="number" value={number} maxLength={40} autoComplete="off" onChange={(e) => setNumber(e.target.value)} />
          </Field>
          <Field id="name" label={label('name')}>
            <Input id="name" value={name} maxLength={60} autoComplete="off" onChange={(e) => setName(e.target.value)} />
          </Field>
        </>
      )}
      <Field id="type" label={t('move.type')}>
        <Select
          id="type"
          value={type || null}
          placeholder={t('move.choose')}
          disabled={whose === 'mine' && !person}
          onChange={setType}
          options={types.map((k) => ({ value: k.id, label: tx(k.title) }))}
        />
      </Field>
      {(asks || takes) && (
        <Field id="taker" label={t('move.to')}>
          <OrgFinder id="taker" value={taker} onChange={setTaker} />
        </Field>
      )}
      {kind?.opens && !asks && (kind.group || whose === 'theirs') && (
        <Field id="group" label={tx(meta.group?.title ?? '')}>
          <GroupChoice
            id="group"
            meta={meta}
            org={target?.code ?? ours}
            year={meta.year}
            grade={kind.group && kind.grade === 'same' ? person?.grade?.code : undefined}
            value={group}
            onChange={setGroup}
          />
        </Field>
      )}
      <Field id="date" label={t('move.date')}>
        <Input id="date" type="date" value={date} onChange={(e) => setDate(e.target.value)} />
      </Field>
      {kind?.needs.includes('place') && (
        <Field id="place" label={t('move.place')}>
          <Input id="place" value={place} maxLength={200} onChange={(e) => setPlace(e.target.value)} />
        </Field>
      )}
      {kind?.needs.includes('reason') && (
        <Field id="reason" label={t('move.reason')}>
          <Select
            id="reason"
            showSearch
            optionFilterProp="label"
            value={reason || null}
            placeholder={t('move.choose')}
            onChange={setReason}
            options={meta.reasons.map((c) => ({ value: c.code, label: `${c.code} ${tx(c.title)}` }))}
          />
        </Field>
      )}
      {kind && (kind.needs.includes('evidence') || kind.side === 'two') && (
        <Field id="evidence" label={t('move.evidence')}>
          <Input id="evidence" value={evidence} maxLength={300} placeholder={t('move.evidenceHint')} onChange={(e) => setEvidence(e.target.value)} />
        </Field>
      )}
      <Field id="note" label={t('move.remark')}>
        <Input.TextArea id="note" value={note} maxLength={500} autoSize={{ minRows: 2 }} onChange={(e) => setNote(e.target.value)} />
      </Field>
      <div className="move-buttons">
        <Button type="primary" htmlType="submit" loading={busy} disabled={!ready}>
          {t('move.go')}
        </Button>
      </div>
      <p className="form-error" role="alert">
        {error}
      </p>
    </form>
  )
}

function Field({ id, label, children }: { id: string; label: string; children: React.ReactNode }) {
  return (
    <div className="move-field">
      <label htmlFor={id}>{label}</label>
      {children}
    </div>
  )
}
