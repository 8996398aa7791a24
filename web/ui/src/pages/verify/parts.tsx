import { useState, type ReactNode } from 'react'
import { Button, Modal } from 'antd'
import type { ApiError } from '../../api/client'
import type { Counts } from '../../api/verify'
import type { Key } from '../../i18n/dict'
import { useLang } from '../../i18n'
import { number } from '../../lib/format'
import { countColumns } from './words'
import './verify.css'

/** A word with its mark. */
export function Mark({ word, mark }: { word: Key; mark: string }) {
  const { t } = useLang()
  return (
    <span className="tag" data-state={mark}>
      {t(word)}
    </span>
  )
}

/** How far something is: a bar of what is answered, and every count in words. */
export function CountStrip({ counts }: { counts: Counts }) {
  const { t } = useLang()
  const share = (n: number) => `${counts.total ? (n / counts.total) * 100 : 0}%`
  const others = counts.corrected + counts.disputed + counts.cannot + counts.gone
  return (
    <div className="ver-counts">
      <div className="ver-bar" aria-hidden="true">
        <i className="ok" style={{ width: share(counts.confirmed) }} />
        <i className="other" style={{ width: share(others) }} />
      </div>
      <dl>
        {countColumns.map(([key, word]) => (
          <div key={key} data-zero={counts[key] === 0 || undefined}>
            <dt>{t(word)}</dt>
            <dd className="num">{number(counts[key])}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

/** A button that asks once more and tells what went wrong. */
export function Sure({
  label,
  text,
  primary,
  disabled,
  busyText,
  children,
  run,
}: {
  label: string
  text: string
  primary?: boolean
  disabled?: boolean
  busyText?: string
  children?: ReactNode
  run: () => Promise<void>
}) {
  const { t, problem } = useLang()
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const go = async () => {
    setBusy(true)
    setError('')
    try {
      await run()
      setOpen(false)
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
    setBusy(false)
  }
  return (
    <>
      <Button
        type={primary ? 'primary' : 'default'}
        disabled={disabled ?? false}
        onClick={() => {
          setError('')
          setOpen(true)
        }}
      >
        {label}
      </Button>
      <Modal
        open={open}
        title={label}
        okText={label}
        cancelText={t('common.cancel')}
        confirmLoading={busy}
        closable={!busy}
        onOk={() => void go()}
        onCancel={() => !busy && setOpen(false)}
      >
        <p>{text}</p>
        {children}
        {busy && busyText && <p role="status">{busyText}</p>}
        <p className="form-error" role="alert">
          {error}
        </p>
      </Modal>
    </>
  )
}
