import type { ReactNode } from 'react'
import { ConfigProvider } from 'antd'
import enUS from 'antd/es/locale/en_US'
import zhCN from 'antd/es/locale/zh_CN'
import { useLang } from '../i18n'
import { theme } from '../theme'

// Whoever asks for less motion gets none: styles.css ends every animation, and a dialog
// that waited for the end of one would never go.
const still = window.matchMedia?.('(prefers-reduced-motion: reduce)').matches
const look = still ? { ...theme, token: { ...theme.token, motion: false } } : theme

/** Ant Design in the house's colours and the reader's language. */
export default function Antd({ children }: { children: ReactNode }) {
  const { lang } = useLang()
  return (
    <ConfigProvider
      theme={look}
      locale={lang === 'en' ? enUS : zhCN}
      button={{ autoInsertSpace: false }}
      wave={{ disabled: true }}
    >
      {children}
    </ConfigProvider>
  )
}
