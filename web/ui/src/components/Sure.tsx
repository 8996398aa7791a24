import { Button, Modal } from 'antd'
import { useState, type ReactNode } from 'react'
import type { ApiError } from '../api/client'
import { useLang } from '../i18n'

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
