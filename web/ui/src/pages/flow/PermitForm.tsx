import { useState } from 'react'
import { ApiError, get } from '../../api/client'
import type { PermitBody } from '../../api/flow'
import { useLang } from '../../i18n'
import { day } from '../../lib/format'
import { useQuery } from '../../lib/link'
import './flow.css'

/** Anybody types a code and sees whether it holds. */
export function PermitForm() {
  const { t, problem } = useLang()
  const { values, set } = useQuery()
  const [code, setCode] = useState(values.code ?? '')
  const [found, setFound] = useState<PermitBody | null>(null)
  const [error, setError] = useState('')
  const check = async () => {
    setError('')
    setFound(null)
    set({ code: code.trim() || null }, true)
    try {
      setFound(await get<PermitBody>(`/api/public/permits/${encodeURIComponent(code.trim())}`))
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
  }
  return (
    <form
      className="flow-check"
      onSubmit={(e) => {
        e.preventDefault()
        if (code.trim()) void check()
      }}
    >
      <label>
        {t('flow.codeCode')}
        <input
          className="flow-input mono"
          name="code"
          value={code}
          maxLength={20}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          placeholder="ABCD-2345"
          onChange={(e) => setCode(e.target.value)}
        />
      </label>
      <button type="submit" className="main-button" disabled={!code.trim()}>
        {t('flow.check')}
      </button>
      <div aria-live="polite">
        {error && <p className="flow-permit-none lost">✗ {error}</p>}
        {found && <PermitWords body={found} />}
      </div>
    </form>
  )
}

/** What a consent says: whether it holds today, who gave it, for whom, until when. */
export function PermitWords({ body: b }: { body: PermitBody }) {
  const { t, tx } = useLang()
  const { permit: p } = b
  return (
    <div className="flow-permit" data-holds={p.holds}>
      <strong>
        {p.holds ? '✓ ' : '✗ '}
        {t(p.holds ? 'flow.codeHolds' : p.revoked ? 'flow.codeRevoked' : 'flow.codeNot', { date: day(p.revoked) })}
      </strong>
      <dl>
        <div>
          <dt>{t('flow.codeTitle')}</dt>
          <dd>{p.title}</dd>
        </div>
        <div>
          <dt>{t('flow.codeCode')}</dt>
          <dd className="mono">{p.code}</dd>
        </div>
        <div>
          <dt>{t('flow.codeIssuer')}</dt>
          <dd>{tx(b.issuer.title)}</dd>
        </div>
        <div>
          <dt>{t('flow.codeScope')}</dt>
          <dd>{tx(b.org.title)}</dd>
        </div>
        <div>
          <dt>{t('flow.codeDays')}</dt>
          <dd className="num">
            {day(p.from)} – {day(p.to)}
          </dd>
        </div>
      </dl>
    </div>
  )
}
