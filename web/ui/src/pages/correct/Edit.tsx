import { useMemo, useState } from 'react'
import { Button, Input, Select } from 'antd'
import { Link, useParams } from 'react-router'
import { ApiError, post } from '../../api/client'
import type { FormField, Outcome, Paper, RecordForm } from '../../api/correct'
import { forgetAnswers, useApi } from '../../api/use'
import { Crumbs, PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { FaultList } from '../Upload'
import { PaperInput } from './parts'
import { shownText } from './words'

/** The fields of a record as a form; each says what becomes of a change to it. */
export default function Edit() {
  const { entity = '', rec = '' } = useParams()
  const { t, tx } = useLang()
  const { data, error, reload } = useApi<RecordForm>(
    `/api/corrections/form/${encodeURIComponent(entity)}/${encodeURIComponent(rec)}`,
  )
  const label = tx(data?.label) || (data ? `#${data.rec}` : '')
  useTitle(t('cor.editTitle', { label }), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={10} />
  return (
    <div className="page cor-page">
      <PageHead
        crumbs={
          <Crumbs
            items={[
              { title: t('reg.title'), to: '/records' },
              { title: tx(data.title), to: `/records/${entity}` },
              { title: label, to: `/records/${entity}/${rec}` },
              { title: t('cor.edit') },
            ]}
          />
        }
        title={t('cor.editTitle', { label })}
        lead={t('cor.editLead')}
      />
      <Fields key={data.rid} form={data} onSaved={reload} />
    </div>
  )
}

function Fields({ form, onSaved }: { form: RecordForm; onSaved: () => void }) {
  const { t, tx, problem } = useLang()
  const [cells, setCells] = useState<Record<string, string>>({})
  const [find, setFind] = useState('')
  const [reason, setReason] = useState('')
  const [paper, setPaper] = useState<Paper | null>(null)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const changed = form.fields.filter((f) => f.name in cells && cells[f.name] !== f.text)
  const asks = changed.filter((f) => !f.mine)
  const shown = useMemo(() => {
    const q = find.trim().toLowerCase()
    return form.fields.filter((f) => !q || `${f.name} ${tx(f.title)}`.toLowerCase().includes(q))
  }, [form, find, tx])
  const save = async () => {
    setBusy(true)
    setError('')
    setOutcome(null)
    try {
      const out = await post<Outcome>(`/api/corrections/form/${form.entity}/${form.rec}`, {
        rid: form.rid,
        cells: Object.fromEntries(changed.map((f) => [f.name, cells[f.name]])),
        reason,
        paper: asks.length ? (paper?.id ?? '') : '',
      })
      setOutcome(out)
      if (!out.refused) {
        setCells({})
        setReason('')
        setPaper(null)
        forgetAnswers()
        if (!out.seq) onSaved()
      }
    } catch (cause) {
      setError(problem(cause as ApiError))
    } finally {
      setBusy(false)
    }
  }
  const titleOf = (name: string) => tx(form.fields.find((f) => f.name === name)?.title) || name
  if (outcome && !outcome.refused && (outcome.seq || outcome.requests.length)) {
    return (
      <div className="success cor-outcome" role="status">
        {outcome.committed.length > 0 && (
          <p>{t('cor.saved', { list: outcome.committed.map(titleOf).join(' · ') })}</p>
        )}
        {outcome.requests.length > 0 && <p>{t('cor.asked', { n: outcome.requests.length })}</p>}
        <FaultList faults={outcome.faults} />
        <p className="cor-actions">
          <Link className="plain-button" to={`/records/${form.entity}/${form.rec}`}>
            {t('cor.back')}
          </Link>
          {outcome.requests.length > 0 && (
            <Link className="plain-button" to="/work/corrections/mine">
              {t('cor.seeThem')}
            </Link>
          )}
        </p>
      </div>
    )
  }
  return (
    <form
      className="cor-form"
      onSubmit={(e) => {
        e.preventDefault()
        void save()
      }}
    >
      <input
        className="find"
        type="search"
        value={find}
        onChange={(e) => setFind(e.target.value)}
        placeholder={t('cor.findField')}
        aria-label={t('cor.findField')}
      />
      <div className="cor-fields">
        {shown.map((f) => (
          <Field
            key={f.name}
            field={f}
            value={cells[f.name] ?? f.text}
            changed={changed.includes(f)}
            faults={(outcome?.faults ?? []).filter((x) => x.field === f.name)}
            onChange={(v) => setCells((c) => ({ ...c, [f.name]: v }))}
          />
        ))}
      </div>
      <div className="cor-send">
        <p className={changed.length ? '' : 'muted'}>
          {changed.length
            ? t('cor.saveWhat', { now: changed.length - asks.length, ask: asks.length })
            : t('cor.nothing')}
        </p>
        <label>
          {t('cor.reasonFor')}
          <Input.TextArea
            value={reason}
            name="reason"
            onChange={(e) => setReason(e.target.value)}
            maxLength={500}
            autoSize={{ minRows: 2, maxRows: 5 }}
            placeholder={t('cor.reasonHint')}
          />
        </label>
        {asks.length > 0 && <PaperInput paper={paper} onPaper={setPaper} />}
        {outcome?.refused && <FaultList faults={outcome.faults} />}
        {error && (
          <p className="form-error" role="alert">
            {error}
          </p>
        )}
        <Button
          type="primary"
          htmlType="submit"
          size="large"
          loading={busy}
          disabled={!changed.length || (asks.length > 0 && !reason.trim())}
        >
          {t('cor.save', { n: changed.length })}
        </Button>
      </div>
    </form>
  )
}

function Field({
  field: f,
  value,
  changed,
  faults,
  onChange,
}: {
  field: FormField
  value: string
  changed: boolean
  faults: Outcome['faults']
  onChange: (v: string) => void
}) {
  const { t, tx } = useLang()
  const id = `f-${f.name}`
  const fate = f.mine
    ? t(f.text || f.masked ? 'cor.mineField' : 'cor.declared')
    : t('cor.askField', { source: tx(f.source_title), org: tx(f.org_title), date: f.due })
  return (
    <div className="cor-field" data-mine={f.mine} data-changed={changed}>
      <label htmlFor={id}>
        {tx(f.title)}
        {f.required && <b className="lost"> *</b>}
        {tx(f.unit) && <span className="unit"> {tx(f.unit)}</span>}
      </label>
      <Control id={id} field={f} value={value} onChange={onChange} />
      <p className="cor-fate">
        {fate}
        {f.by_hand && <> · {t('cor.byHandField')}</>}
        {f.masked && <> · {t('cor.maskedField')}</>}
      </p>
      {faults.length > 0 && <FaultList faults={faults} />}
    </div>
  )
}

/** The control that fits a field: a choice, a day, a number, or text. */
function Control({
  id,
  field: f,
  value,
  onChange,
}: {
  id: string
  field: FormField
  value: string
  onChange: (v: string) => void
}) {
  const { t, tx } = useLang()
  const options = f.options?.map((o) => ({ value: o.code, label: `${tx(o.title)} ${o.code}` }))
  const yesNo = [
    { value: '1', label: t('common.yes') },
    { value: '0', label: t('common.no') },
  ]
  if ((f.type === 'code' && options?.length) || f.type === 'bool') {
    return (
      <Select
        id={id}
        showSearch
        allowClear={!f.required}
        optionFilterProp="label"
        value={value || null}
        placeholder={f.masked ? shownText(f.shown, tx, '') : ''}
        options={f.type === 'bool' ? yesNo : (options ?? [])}
        onChange={(v: string | undefined) => onChange(v ?? '')}
      />
    )
  }
  return (
    <input
      id={id}
      className="find"
      type={f.type === 'date' ? 'date' : 'text'}
      inputMode={f.type === 'int' || f.type === 'decimal' || f.type === 'year' ? 'decimal' : undefined}
      value={value}
      placeholder={f.masked ? shownText(f.shown, tx, '') : ''}
      onChange={(e) => onChange(e.target.value)}
      autoComplete="off"
    />
  )
}
