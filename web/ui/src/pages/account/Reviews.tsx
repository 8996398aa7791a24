import { useState } from 'react'
import { Button, DatePicker, Input } from 'antd'
import { post } from '../../api/client'
import type { Review, ReviewItem } from '../../api/account'
import { PageHead } from '../../components/parts'
import { useLang, useTitle } from '../../i18n'
import { useQuery } from '../../lib/link'
import { GrantWords } from './Grants'
import { Lines, useFresh } from './list'
import { FormError, useDoing } from './parts'

/** Reviews of grants: begin one, go through it item by item. */
export default function Reviews() {
  const { t } = useLang()
  const { values, set } = useQuery()
  const reviews = useFresh<Review[]>('/api/reviews')
  const { again } = reviews
  useTitle(t('rev.title'), t('app.name'))
  const open = reviews.data?.find((r) => r.id === values.id)
  return (
    <div className="page admin">
      <PageHead title={t('rev.title')} lead={t('rev.note')} />
      <Begin
        onDone={(id) => {
          again()
          set({ id })
        }}
      />
      <Lines
        of={reviews}
        rows={(d) => d}
        none={t('rev.none')}
        line={(r) => (
          <li key={r.id} aria-current={r.id === values.id}>
            <span>
              <button type="button" className="text-button" onClick={() => set({ id: r.id })}>
                {r.note || r.id}
              </button>{' '}
              <span className="muted">
                {r.org} · {t('rev.due')} {r.due} · {t('rev.progress', { n: r.decided, all: r.total })}
              </span>
            </span>
            {r.closed ? <span className="tag" data-state="met">{t('rev.closed')}</span> : r.late && <span className="tag" data-state="not_met">{t('rev.late')}</span>}
          </li>
        )}
      />
      {open && <Items key={open.id} review={open} again={again} />}
    </div>
  )
}

function Begin({ onDone }: { onDone: (id: string) => void }) {
  const { t } = useLang()
  const [due, setDue] = useState('')
  const [note, setNote] = useState('')
  const { busy, error, run } = useDoing()
  return (
    <section aria-labelledby="rev-open">
      <h2 id="rev-open">{t('rev.open')}</h2>
      <form
        className="inline-form"
        onSubmit={(e) => {
          e.preventDefault()
          void run(async () => {
            const a = await post<{ id: string }>('/api/reviews', { org: '', due, note })
            setNote('')
            onDone(a.id)
          })
        }}
      >
        <Input aria-label={t('rev.about')} placeholder={t('rev.about')} value={note} onChange={(e) => setNote(e.target.value)} />
        <DatePicker aria-label={t('rev.due')} placeholder={t('rev.due')} onChange={(_, s) => setDue(String(s ?? ''))} />
        <Button type="primary" htmlType="submit" disabled={busy || !due}>
          {t('rev.open')}
        </Button>
      </form>
      <FormError text={error} />
    </section>
  )
}

function Items({ review, again }: { review: Review; again: () => void }) {
  const { t } = useLang()
  const items = useFresh<ReviewItem[]>(`/api/reviews/${review.id}`)
  const both = () => {
    again()
    items.reload()
  }
  return (
    <Lines
      of={items}
      rows={(d) => d}
      none={t('common.empty')}
      line={(x) => <Item key={x.grant.id} item={x} review={review.id} again={both} />}
    />
  )
}

function Item({ item, review, again }: { item: ReviewItem; review: string; again: () => void }) {
  const { t } = useLang()
  const [note, setNote] = useState('')
  const { busy, error, run } = useDoing()
  const decide = (decision: string) =>
    run(async () => {
      await post(`/api/reviews/${review}/decide`, { grant: item.grant.id, decision, note })
      again()
    })
  return (
    <li>
      <div>
        <GrantWords grant={item.grant} />
        {item.unused && <span className="tag" data-state="not_met">{t('rev.unused')}</span>}
      </div>
      {item.decision ? (
        <span className="muted">
          {item.decision === 'keep' ? t('rev.kept') : t('me.ended')} · {item.by}
          {item.note && ` · ${item.note}`}
        </span>
      ) : (
        <div className="row-tools">
          <Input size="small" aria-label={t('me.reason')} placeholder={t('me.reason')} value={note} onChange={(e) => setNote(e.target.value)} />
          <Button size="small" disabled={busy} onClick={() => void decide('keep')}>
            {t('rev.keep')}
          </Button>
          <Button size="small" danger disabled={busy || !note.trim()} onClick={() => void decide('end')}>
            {t('gr.end')}
          </Button>
          <FormError text={error} />
        </div>
      )}
    </li>
  )
}
