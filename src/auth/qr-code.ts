import qrcode from 'qrcode-generator';

/** Quiet zone in modules, as the standard requires. */
const QUIET_ZONE_MODULES = 4;

/**
 * Returns a QR code as the path of an SVG of `size` units. Must be black on white, in dark mode too, for scanners.
 */
export function toQrPath(text: string): { path: string; size: number } {
  // 0 selects the smallest version that fits the text.
  const code = qrcode(0, 'M');
  code.addData(text, 'Byte');
  code.make();
  const modules = code.getModuleCount();
  let path = '';
  for (let row = 0; row < modules; row++) {
    for (let column = 0; column < modules; column++) {
      let width = 0;
      while (column + width < modules && code.isDark(row, column + width)) width++;
      if (width === 0) continue;
      path += `M${column + QUIET_ZONE_MODULES} ${row + QUIET_ZONE_MODULES}h${width}v1h-${width}z`;
      column += width;
    }
  }
  return { path, size: modules + 2 * QUIET_ZONE_MODULES };
}
