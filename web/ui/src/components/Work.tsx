import { Button, Progress } from 'antd'
import { useEffect } from 'react'
import type { Work } from '../api/types'
import { useLang } from '../i18n'
import { number } from '../lib/format'

/** Asks again and again while something is under way; seen is the last answer. */
export function useAgain(running: boolean, seen: unknown, again: () => void): void {
  useEffect(() => {
    if (!running) return
    const timer = setTimeout(again, 700)
    return () => clearTimeout(timer)
  }, [running, seen, again])
}

/** Work that goes on: what it is, how far it has come, and a way to stop it. */
export function WorkLine({ work, text, onStop }: { work: Work; text: string; onStop?: () => void }) {
  const { t } = useLang()
  return (
    <div className="moving" role="status">
      <span>
        {text}
        {work.total > 0 && (
          <span className="num">
            {' '}
            {number(work.done)}／{number(work.total)}
          </span>
        )}
      </span>
      <Progress percent={work.total ? Math.floor((work.done / work.total) * 100) : 0} showInfo={work.total > 0} status="active" size="small" />
      {onStop && (
        <Button size="small" className="moving-stop" onClick={onStop}>
          {t('work.stop')}
        </Button>
      )}
    </div>
  )
}
