import type { ThemeConfig } from 'antd'

/** The colours of the house, named once for Ant Design and the charts; styles.css has the same. */
export const colour = {
  ink: '#1b2733',
  ink2: '#4c5a67',
  ink3: '#64717d',
  line: '#e3ded2',
  line2: '#c9c1b0',
  blue: '#1d4f73',
  red: '#a5322b',
  green: '#2c6b4f',
  amber: '#8a5a00',
} as const

/** From little to much, one hue: a map here shows where, not who is best. */
export const scale = ['#e8eff4', '#c3d5e1', '#93b3c9', '#5b89a8', '#2b5f85']

/** Lines and bars of up to eight groups, told apart by lightness as well as hue. */
export const series = ['#1d4f73', '#b5762a', '#5b8c6e', '#8c4a52', '#6f83a3', '#a89a5b', '#3f7f86', '#7a6a8c']

export const sans =
  '"PingFang SC","HarmonyOS Sans SC","Microsoft YaHei UI","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC","WenQuanYi Micro Hei",system-ui,-apple-system,"Segoe UI",sans-serif'

export const theme: ThemeConfig = {
  cssVar: { key: 'ls' },
  hashed: false,
  token: {
    colorPrimary: colour.blue,
    colorInfo: colour.blue,
    colorLink: colour.blue,
    colorSuccess: colour.green,
    colorWarning: colour.amber,
    colorError: colour.red,
    colorText: colour.ink,
    colorTextSecondary: colour.ink2,
    colorTextTertiary: colour.ink3,
    colorTextPlaceholder: '#767f88',
    colorBorder: colour.line2,
    colorBorderSecondary: colour.line,
    colorBgLayout: '#fbfaf6',
    borderRadius: 2,
    borderRadiusLG: 2,
    borderRadiusSM: 2,
    fontFamily: sans,
    fontSize: 14,
    controlHeight: 32,
    motionDurationMid: '0.12s',
    motionDurationSlow: '0.16s',
    wireframe: false,
  },
  components: {
    Table: {
      headerBg: '#f4f1e9',
      headerColor: colour.ink2,
      headerSplitColor: 'transparent',
      cellPaddingBlockSM: 7,
      cellPaddingInlineSM: 10,
      rowHoverBg: '#f5f8fa',
      borderColor: colour.line,
    },
    Tabs: { horizontalMargin: '0 0 12px 0' },
    Button: { primaryShadow: 'none', defaultShadow: 'none' },
  },
}
