import { useState } from 'react'
import { Input, Modal, Select } from 'antd'
import type { ApiError } from '../../api/client'
import type { Column, Row } from '../../api/types'
import type { AnswerKind } from '../../api/verify'
import { useLang } from '../../i18n'
import type { Key } from '../../i18n/dict'
import { cellText } from '../../lib/cell'

export interface Asked {
  kind: Exclude<AnswerKind, 'confirm'>
  recs: number[]
}

const titles: Record<Asked['kind'], Key> = { dispute: 'ver.dispute', cannot: 'ver.cannot', correct: 'ver.correct' }

/** Asks why a record is not confirmed, and for a correction what it should be. */
export function AnswerDialog({
  asked,
  columns,
  row,
  onClose,
  onSend,
}: {
  asked: Asked
  columns: Column[]
  row: Row | undefined
  onClose: () => void
  onSend: (body: object) => Promise<void>
}) {
  const { t, tx, problem } = useLang()
  const [note, setNote] = useState('')
  const [changes, setChanges] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const send = async () => {
    setBusy(true)
    setError('')
    try {
      const wanted = Object.fromEntries(Object.entries(changes).filter(([, v]) => v.trim() !== ''))
      await onSend({ kind: asked.kind, recs: asked.recs, note, ...(asked.kind === 'correct' ? { changes: wanted } : {}) })
      onClose()
    } catch (cause) {
      setError(problem(cause as ApiError))
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      title={`${t(titles[asked.kind])}${t('common.paren', { text: t('ver.ticked', { n: asked.recs.length }) })}`}
      okText={t('ver.send')}
      cancelText={t('common.cancel')}
      confirmLoading={busy}
      onOk={() => void send()}
      onCancel={onClose}
    >
      {asked.kind === 'correct' && row && (
        <div className="ver-form">
          <p className="muted">{t('ver.keep')}</p>
          {columns.map((c) => (
            <ChangeField
              key={c.name}
              column={c}
              now={cellText(row, c.name, tx)}
              value={changes[c.name] ?? ''}
              onChange={(v) => setChanges((old) => ({ ...old, [c.name]: v }))}
            />
          ))}
        </div>
      )}
      <label className="ver-note">
        {t('ver.reason')}
        <Input.TextArea
          value={note}
          rows={3}
          maxLength={500}
          placeholder={t('ver.reasonHint')}
          onChange={(e) => setNote(e.target.value)}
        />
      </label>
      <p className="form-error" role="alert">
        {error}
      </p>
    </Modal>
  )
}

/** One field: what is recorded, and room for what it should be. */
export function ChangeField({
  column: c,
  now,
  value,
  onChange,
}: {
  column: Column
  now: string
  value: string
  onChange: (v: string) => void
}) {
  const { t, tx } = useLang()
  const id = `change-${c.name}`
  return (
    <div className="ver-change">
      <label htmlFor={id}>
        {tx(c.title)} <span className="muted">{now}</span>
      </label>
      {c.options?.length ? (
        <Select
          id={id}
          value={value || null}
          allowClear
          showSearch={{ optionFilterProp: 'label' }}
          placeholder={t('ver.should')}
          options={c.options.map((o) => ({ value: o.code, label: tx(o.title) }))}
          onChange={(v: string | null) => onChange(v ?? '')}
        />
      ) : (
        <Input
          id={id}
          type={c.type === 'date' ? 'date' : 'text'}
          value={value}
          placeholder={t('ver.should')}
          onChange={(e) => onChange(e.target.value)}
        />
      )}
    </div>
  )
}
