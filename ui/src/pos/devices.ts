import type { DeviceSettings } from '../bindings/DeviceSettings'
import type { PrinterTarget } from '../bindings/PrinterTarget'
import { fill } from '../kit/i18n'
import { w } from './words'

/** Where a printer is, as it was typed. */
export function addressOf(target: PrinterTarget): string {
  switch (target.kind) {
    case 'none':
      return ''
    case 'tcp':
      return target.address
    case 'spooler':
      return target.name
    default:
      return target.path
  }
}

/** Printer, paper and scale in words. */
export function described({ printer, paper_mm, scale_port }: DeviceSettings): string {
  const where = `${w.value[`target_${printer.kind}`]} ${addressOf(printer)}`.trim()
  return fill(w.value.devicesAre, { printer: where, mm: paper_mm === 58 ? 58 : 80, scale: scale_port || w.value.target_none })
}
