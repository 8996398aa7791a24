import { useCallback } from 'react'
import { useParams } from 'react-router'
import { url } from '../api/client'
import type { IndicatorPage, RecordPage, Words } from '../api/types'
import { useApi } from '../api/use'
import { Choice, Crumbs, PageHead, Pager, SealChoice, useYearName } from '../components/parts'
import { RecordTable } from '../components/RecordTable'
import { Nothing, Problem, Waiting } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { number } from '../lib/format'
import { useLink, useQuery } from '../lib/link'
import { readPairs } from '../lib/pairs'

const limit = 50

export default function Behind() {
  const { id = '' } = useParams()
  const { t, tx } = useLang()
  const { values, set } = useQuery()
  const link = useLink()
  const name = useYearName()
  const part = values.part === 'denominator' ? 'denominator' : 'numerator'
  const offset = Number(values.offset) || 0
  const path = `/api/indicators/${encodeURIComponent(id)}`
  const { data, error, loading, reload } = useApi<RecordPage>(
    url(path + '/behind', {
      part,
      where: values.where,
      org: values.org,
      year: values.year,
      seal: values.seal,
      offset,
      limit,
    }),
    true,
  )
  const where = readPairs(values.where)
  const ind = useApi<IndicatorPage>(
    url(path, {
      org: values.org,
      seal: values.seal,
      year: values.year,
      where: values.where,
      by: Object.keys(where).join(','),
    }),
  )
  const title = tx(ind.data?.indicator.title) || id
  const partName = part === 'numerator' ? t('behind.partNum') : t('behind.partDen')
  useTitle(`${t('behind.title')}${t('common.colon')}${title}`, t('app.name'))
  const recordLink = useCallback((entity: string, rec: number) => `/records/${entity}/${rec}`, [])
  const figure = ind.data?.total ?? ind.data?.rows?.[0]
  const hasDenominator = !ind.data || !['count', 'sum'].includes(ind.data.indicator.kind)
  const labels: Record<string, Words> = { ...figure?.labels, ...ind.data?.rows?.[0]?.labels }
  const dimTitle = (d: string) => tx(ind.data?.indicator.dims?.find((x) => x.id === d)?.title) || d
  return (
    <div className="page">
      <PageHead
        crumbs={
          <Crumbs
            items={[
              { title: t('ind.title'), to: link('/indicators') },
              { title, to: link(`/indicators/${id}`, { by: values.by }) },
              { title: t('behind.title') },
            ]}
          />
        }
        title={
          <>
            {title} <small>{partName}</small>
          </>
        }
        lead={t('behind.lead', { part: partName })}
      >
        {hasDenominator && (
          <Choice
            label={t('behind.title')}
            value={part}
            options={[
              { value: 'numerator', label: t('common.numerator') },
              { value: 'denominator', label: t('common.denominator') },
            ]}
            onChange={(v) => set({ part: v, offset: null })}
          />
        )}
        <SealChoice />
      </PageHead>
      <p className="facts-line">
        {values.year && <span>{name(Number(values.year))}</span>}
        {Object.entries(where).map(([k, v]) => (
          <span key={k}>{tx(labels[k]) || `${dimTitle(k)} ${v}`}</span>
        ))}
        {data && (
          <span>
            {tx(data.title)} <b className="num">{number(data.total)}</b>
          </span>
        )}
        <span className="muted">{t('behind.scope')}</span>
      </p>
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting />
      ) : !data.rows?.length ? (
        <Nothing />
      ) : (
        <>
          <RecordTable
            entity={data.entity ?? ''}
            columns={data.columns ?? []}
            rows={data.rows}
            loading={loading}
            recordLink={recordLink}
          />
          <Pager
            total={data.total}
            capped={data.total_capped}
            offset={offset}
            limit={limit}
            onGo={(o) => set({ offset: o || null })}
          />
        </>
      )}
    </div>
  )
}
