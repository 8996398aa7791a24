import { Link } from 'react-router'
import { Crumbs, PageHead } from '../../components/parts'
import { Nothing, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { useTypes } from './parts'
import { shapeKeys, shapes } from './words'
import './flow.css'

/** What kinds of cases the reader may open, by shape. */
export default function New() {
  const { t, tx } = useLang()
  const types = useTypes()
  useTitle(t('flow.new'), t('app.name'))
  if (!types) return <Waiting />
  const open = types.filter((x) => x.may_open)
  const rest = types.filter((x) => !x.may_open)
  return (
    <div className="page">
      <PageHead
        crumbs={<Crumbs items={[{ title: t('nav.work'), to: '/work' }, { title: t('flow.new') }]} />}
        title={t('flow.new')}
        lead={t('flow.newLead')}
      />
      {!open.length && <Nothing title={t('flow.newNone')} />}
      {shapes.map((s) => {
        const list = open.filter((x) => (shapeKeys[x.shape] ? x.shape : 'other') === s)
        const key = shapeKeys[s]
        if (!list.length || !key) return null
        return (
          <section key={s} aria-label={t(key)}>
            <h2>{t(key)}</h2>
            <ul className="hub flow-types">
              {list.map((x) => (
                <li key={x.id}>
                  <Link to={`/cases/new/${x.id}`}>
                    <strong>{tx(x.opening)}</strong>
                    <span className="flow-type-title">{tx(x.title)}</span>
                  </Link>
                  <p>
                    {tx(x.note)} {x.reaches && <span className="tag">{t('flow.needsCode')}</span>}{' '}
                    {x.private && <span className="tag">{t('flow.private')}</span>}
                  </p>
                </li>
              ))}
            </ul>
          </section>
        )
      })}
      {rest.length > 0 && (
        <section>
          <h2>{t('flow.otherTypes')}</h2>
          <ul className="flow-inline">
            {rest.map((x) => (
              <li key={x.id}>
                <Link to={`/cases/types/${x.id}`}>{tx(x.title)}</Link>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
