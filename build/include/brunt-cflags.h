/* Included before every C file that Cargo builds (see .cargo/config.toml); means something to one
 * of them only: QuickJS. Since quickjs-ng 0.16 each runtime carves small objects out of arenas of
 * 4 kB for each of 31 size classes. With a runtime per virtual user that is up to 60 kB of
 * half-empty pages for each of them. There is no option to turn the arenas off, but a build for
 * AddressSanitizer has none, and this is what it looks at.
 *
 * The search path for quotes holds the package that is being built, so only QuickJS' own package
 * finds this file. */
#if defined(__has_include)
#if __has_include("quickjs/quickjs-opcode.h")
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
