// Builds the window's page into `ui/dist`, which the desktop binary embeds.
//
// The page runs under a strict content security policy: no inline script, no `data:` address,
// nothing from another host. Therefore no asset is inlined, and the design system's style sheet
// is trimmed to what the window uses (its icons and older font formats stay out of the binary).
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from './tests/client-conditions.ts'
import { defineConfig } from 'vitest/config'

const dkfds = fileURLToPath(new URL('./node_modules/dkfds/dist', import.meta.url))

/** Removes the design system's font faces and icon backgrounds: `src/styles` brings its own. */
function trimDesignSystem() {
  return {
    postcssPlugin: 'trim-design-system',
    Once(root: any) {
      root.walkAtRules('font-face', (rule: any) => {
        if (rule.toString().includes('IBMPlexSans/complete/eot') || rule.toString().includes('format("woff")')) {
          rule.remove()
        }
      })
      root.walkDecls((declaration: any) => {
        if (declaration.value.includes('img/svg-icons') || declaration.value.includes('img/logo')) {
          declaration.remove()
        }
      })
    }
  }
}

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  base: './',
  resolve: { alias: { '@dkfds': dkfds } },
  css: { postcss: { plugins: [trimDesignSystem() as any] } },
  build: {
    target: ['es2022', 'safari16'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    outDir: 'dist',
    chunkSizeWarningLimit: 2000
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
    // By itself it leaves one processor idle, of which there may be only two.
    maxWorkers: '100%'
  }
})
