/* One E-step and its sums in a single pass over the rows; see compiled.py, which calls it.
 *
 * Plain C with the vector extensions of GCC and Clang: no Python, no allocation, no global state. Everything
 * is done for a chunk of rows that, for few features, stays in the first-level cache. Where rows are missing
 * in the last chunk its last row is repeated with weight 0.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A sum and a difference that compilers must not cancel are how numbers are rounded here. */
#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
#error "needs arithmetic in double precision as it is written"
#endif

/* Of this file and _expect_body.h, from setup.py: a library left over from other sources is not used. */
#ifndef CHECKSUM
#define CHECKSUM 0
#endif

/* Rows that are taken through all steps at once, and the most that one instruction takes. */
#define CHUNK 64
#define MOST_LANES 4

/* Adding this to a number below 2^51 leaves its nearest whole number in the low bits of the sum. */
#define ROUNDING 6755399441055744.0
#define MANTISSA_BITS 52
#define EXPONENT_OF_ONE 1023
#define LOG2_HIGH 6.93147180369123816490e-01
#define LOG2_LOW 1.90821492927058770002e-10
/* Taylor series of e^x, and of atanh(x) / x in x^2, the highest power first. */
static const double EXPONENTIAL[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
                                     1.0 / 362880.0,     1.0 / 40320.0,     1.0 / 5040.0,     1.0 / 720.0,
                                     1.0 / 120.0,        1.0 / 24.0,        1.0 / 6.0,        0.5,
                                     1.0,                1.0};
static const double ARTANH[] = {1.0 / 23.0, 1.0 / 21.0, 1.0 / 19.0, 1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0,
                                1.0 / 11.0, 1.0 / 9.0,  1.0 / 7.0,  1.0 / 5.0,  1.0 / 3.0,  1.0};
#define N_TERMS(series) ((int)(sizeof(series) / sizeof(*(series))))
/* Terms further below the largest are 0, as in posteriors.py. */
#define NEGLIGIBLE_LOG -40.0

#define PARAMETERS                                                                                          \
    const double *lines, ptrdiff_t stride, ptrdiff_t n_lines, ptrdiff_t n_rows, int is_made,                \
        int is_diagonal, const double *weights, const double *centre, const double *coefficients,           \
        ptrdiff_t n_components, ptrdiff_t n_quadratic, double *sums, double *scratch
#define ARGUMENTS                                                                                           \
    lines, stride, n_lines, n_rows, is_made, is_diagonal, weights, centre, coefficients, n_components,      \
        n_quadratic, sums, scratch

#define TARGET
#define LANES 2
#define NAME(x) x##_plain
#include "_expect_body.h"
#undef TARGET
#undef LANES
#undef NAME

#ifdef __x86_64__
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 4
#define NAME(x) x##_avx2
#include "_expect_body.h"
#undef TARGET
#undef LANES
#undef NAME
#endif

int64_t gmmseg_checksum(void) { return CHECKSUM; }

/* Doubles of scratch memory for `gmmseg_expect`. */
ptrdiff_t gmmseg_scratch(ptrdiff_t n_components, ptrdiff_t n_quadratic) {
    return MOST_LANES + n_quadratic * CHUNK + n_components * CHUNK + n_components * n_quadratic * MOST_LANES;
}

/* What processors without AVX2 get; see `gmmseg_expect`. */
double gmmseg_expect_plain(PARAMETERS) { return expect_plain(ARGUMENTS); }

/* Return the weighted log-likelihood of `n_rows` rows in nats and add their moments to `sums`.
 *
 * lines        (n_lines, n_rows) with `stride` doubles between lines: the features of the rows, or where
 *              `is_made` is set the quadratic features themselves, the last of which is not read
 * weights      (n_rows)
 * centre       (n_lines), subtracted from features
 * coefficients (n_components, n_quadratic) of the log-densities in x_i x_j (i <= j, or i = j where
 *              `is_diagonal` is set), x_i and 1; the last may be -infinity, but not for all components;
 *              other infinities and NaN give numbers without meaning
 * sums         (n_components, n_quadratic)
 */
double gmmseg_expect(PARAMETERS) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return expect_avx2(ARGUMENTS);
#endif
    return gmmseg_expect_plain(ARGUMENTS);
}
