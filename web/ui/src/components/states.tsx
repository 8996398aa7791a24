import type { ReactNode } from 'react'
import type { ApiError } from '../api/client'
import type { TargetState } from '../api/types'
import { useLang } from '../i18n'

/** Grey bars in the shape of what is coming. */
export function Waiting({ rows = 6 }: { rows?: number }) {
  const { t } = useLang()
  return (
    <div className="waiting" role="status" aria-label={t('common.loading')}>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} className="bar" data-w={i % 4} />
      ))}
    </div>
  )
}

/** An error of the API in the reader's language, with a way on. */
export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  const { t, problem } = useLang()
  return (
    <div className="state problem" role="alert">
      <strong>{error.status === 404 ? t('error.notFound') : t('error.title')}</strong>
      <p>{problem(error)}</p>
      {retry && (
        <button type="button" className="plain-button" onClick={retry}>
          {t('error.retry')}
        </button>
      )}
    </div>
  )
}

export function Nothing({ title, text, children }: { title?: string; text?: string; children?: ReactNode }) {
  const { t } = useLang()
  return (
    <div className="state">
      <strong>{title ?? t('common.empty')}</strong>
      {text && <p>{text}</p>}
      {children}
    </div>
  )
}

/** The states of targets, from what is reached to what is only told. */
export const targetStates = ['met', 'not_met', 'no_data', 'no_target', 'not_numbered', 'rule', 'fact'] as const satisfies TargetState[]

/** The state of a target: always a word, with a mark whose shape differs, not only its colour. */
export function StateTag({ state }: { state: TargetState | string }) {
  const { t } = useLang()
  const s = targetStates.find((k) => k === state)
  if (!s) return null
  return (
    <span className="tag" data-state={s}>
      {t(`state.${s}`)}
    </span>
  )
}

/** Says that a figure is withheld, and why. */
export function Withheld({ short = false }: { short?: boolean }) {
  const { t } = useLang()
  return (
    <abbr className="withheld" title={`${t('small.value')}${t('common.colon')}${t('small.why')}`}>
      {short ? t('small.short') : t('small.value')}
    </abbr>
  )
}
