/* The body of _estep.c, compiled once for each set of instructions: TARGET is a function's attribute for it,
 * LANES how many doubles it takes at once, NAME(x) makes the names differ.
 *
 * Sums over rows are kept in at most four lanes. Eight would add in another order; so AVX-512 folds its halves
 * in the order that AVX2 takes them in, and both give the same bytes.
 */

#define VECTORS (CHUNK / LANES)
typedef double NAME(vec) __attribute__((vector_size(8 * LANES)));
typedef double NAME(anywhere) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t NAME(bits) __attribute__((vector_size(8 * LANES)));

#if LANES > 4
typedef double NAME(part) __attribute__((vector_size(32)));

TARGET static inline NAME(part) NAME(low)(NAME(vec) x) { return (NAME(part))_mm512_castpd512_pd256((__m512d)x); }

TARGET static inline NAME(part) NAME(high)(NAME(vec) x) {
    return (NAME(part))_mm512_extractf64x4_pd((__m512d)x, 1);
}

TARGET static inline NAME(part) NAME(plus)(NAME(part) sum, NAME(vec) x) {
    return (sum + NAME(low)(x)) + NAME(high)(x);
}

TARGET static inline NAME(part) NAME(plus_product)(NAME(part) sum, NAME(vec) x, NAME(vec) y) {
    sum += NAME(low)(x) * NAME(low)(y);
    return sum + NAME(high)(x) * NAME(high)(y);
}

/* The sum of the products of a chunk, in four sums that do not wait for one another. */
TARGET static inline NAME(part) NAME(product)(const NAME(vec) *x, const NAME(vec) *y) {
    NAME(vec) sum01 = x[0] * y[0], sum23 = x[1] * y[1];
    for (int v = 2; v < VECTORS; v += 2) {
        sum01 += x[v] * y[v];
        sum23 += x[v + 1] * y[v + 1];
    }
    return (NAME(low)(sum01) + NAME(high)(sum01)) + (NAME(low)(sum23) + NAME(high)(sum23));
}
#else
typedef NAME(vec) NAME(part);

TARGET static inline NAME(part) NAME(plus)(NAME(part) sum, NAME(vec) x) { return sum + x; }

TARGET static inline NAME(part) NAME(plus_product)(NAME(part) sum, NAME(vec) x, NAME(vec) y) {
    return sum + x * y;
}

/* The sum of the products of a chunk, in four sums that do not wait for one another. */
TARGET static inline NAME(part) NAME(product)(const NAME(vec) *x, const NAME(vec) *y) {
    NAME(vec) sum0 = x[0] * y[0], sum1 = x[1] * y[1], sum2 = x[2] * y[2], sum3 = x[3] * y[3];
    for (int v = 4; v < VECTORS; v += 4) {
        sum0 += x[v] * y[v];
        sum1 += x[v + 1] * y[v + 1];
        sum2 += x[v + 2] * y[v + 2];
        sum3 += x[v + 3] * y[v + 3];
    }
    return (sum0 + sum1) + (sum2 + sum3);
}
#endif

TARGET static inline NAME(vec) NAME(all)(double value) { return value - (NAME(vec)){0}; }

TARGET static inline NAME(vec) NAME(choose)(NAME(bits) where, NAME(vec) yes, NAME(vec) no) {
    return (NAME(vec))((where & (NAME(bits))yes) | (~where & (NAME(bits))no));
}

TARGET static inline NAME(vec) NAME(larger)(NAME(vec) one, NAME(vec) other) {
    return NAME(choose)((NAME(bits))(one > other), one, other);
}

TARGET static inline NAME(vec) NAME(series)(const double *terms, int n_terms, NAME(vec) x) {
    NAME(vec) sum = NAME(all)(terms[0]);
    for (int at = 1; at < n_terms; at++)
        sum = sum * x + terms[at];
    return sum;
}

/* e^x for -40 < x <= 0, 0 below: 2^n e^r with |r| <= log(2) / 2 and the Taylor series to 4e-18. */
TARGET static inline NAME(vec) NAME(exponential)(NAME(vec) x) {
    const NAME(bits) held = (NAME(bits))(x > NAME(all)(NEGLIGIBLE_LOG));
    x = NAME(choose)(held, x, NAME(all)(NEGLIGIBLE_LOG));
    NAME(vec) n = x * 1.4426950408889634 + ROUNDING;
    const NAME(bits) power = (NAME(bits))n << MANTISSA_BITS;
    n -= ROUNDING;
    /* log(2) in two parts: n times the first is exact. */
    const NAME(vec) r = (x - n * LOG2_HIGH) - n * LOG2_LOW;
    const NAME(vec) sum = NAME(series)(EXPONENTIAL, N_TERMS(EXPONENTIAL), r);
    return (NAME(vec))(((NAME(bits))sum + power) & held);
}

/* log x for normal x > 0: n log(2) + 2 atanh((m - 1) / (m + 1)) with m between sqrt(1/2) and sqrt(2). */
TARGET static inline NAME(vec) NAME(logarithm)(NAME(vec) x) {
    const NAME(bits) one = (NAME(bits))NAME(all)(1.0);
    NAME(bits) power = ((NAME(bits))x >> MANTISSA_BITS) - EXPONENT_OF_ONE;
    NAME(vec) m = (NAME(vec))(((NAME(bits))x & (((int64_t)1 << MANTISSA_BITS) - 1)) | one);
    const NAME(bits) is_large = (NAME(bits))(m > NAME(all)(1.4142135623730951));
    m = NAME(choose)(is_large, m * 0.5, m);
    power -= is_large; /* true is -1 */
    const NAME(vec) n = (NAME(vec))(power + (NAME(bits))NAME(all)(ROUNDING)) - ROUNDING;
    const NAME(vec) s = (m - 1.0) / (m + 1.0), s2 = s * s;
    const NAME(vec) sum = NAME(series)(ARTANH, N_TERMS(ARTANH), s2);
    return n * LOG2_HIGH + (n * LOG2_LOW + 2.0 * s * sum);
}

TARGET static inline double NAME(total_of)(NAME(part) values) {
    double total = 0.0;
    for (int lane = 0; lane < (int)(sizeof(values) / sizeof(double)); lane++)
        total += values[lane];
    return total;
}

/* Copy a chunk of a line of numbers less `centre`; where fewer are held, the last is repeated. */
TARGET static inline void NAME(load)(NAME(vec) *chunk, const double *line, ptrdiff_t held, double centre) {
    if (held == CHUNK) {
        for (int v = 0; v < VECTORS; v++)
            chunk[v] = *(const NAME(anywhere) *)(line + v * LANES) - centre;
    } else {
        for (ptrdiff_t i = 0; i < CHUNK; i++)
            ((double *)chunk)[i] = line[i < held ? i : held - 1] - centre;
    }
}

TARGET static double NAME(expect)(PARAMETERS) {
    const ptrdiff_t n_products = n_quadratic - 1;
    const uintptr_t misplaced = (uintptr_t)scratch % sizeof(NAME(vec));
    const size_t gap = misplaced ? sizeof(NAME(vec)) - misplaced : 0;
    NAME(vec) *const features = (NAME(vec) *)((char *)scratch + gap);
    NAME(vec) *const shares = features + n_quadratic * VECTORS;
    NAME(part) *const moments = (NAME(part) *)(shares + n_components * VECTORS);
    NAME(part) likelihood = {0};
    memset(moments, 0, sizeof(NAME(part)) * (size_t)(n_components * n_quadratic));

    for (ptrdiff_t start = 0; start < n_rows; start += CHUNK) {
        const ptrdiff_t held = n_rows - start < CHUNK ? n_rows - start : CHUNK;
        if (is_made) {
            for (ptrdiff_t f = 0; f < n_products; f++)
                NAME(load)(features + f * VECTORS, lines + f * stride + start, held, 0.0);
        } else {
            NAME(vec) *const linear = features + (n_products - n_lines) * VECTORS;
            for (ptrdiff_t d = 0; d < n_lines; d++)
                NAME(load)(linear + d * VECTORS, lines + d * stride + start, held, centre[d]);
            NAME(vec) *product = features;
            for (ptrdiff_t i = 0; i < n_lines; i++)
                for (ptrdiff_t j = i; j < (is_diagonal ? i + 1 : n_lines); j++)
                    for (int v = 0; v < VECTORS; v++)
                        *product++ = linear[i * VECTORS + v] * linear[j * VECTORS + v];
        }

        NAME(vec) peak[VECTORS], total[VECTORS], weight[VECTORS];
        NAME(load)(weight, weights + start, held, 0.0);
        for (ptrdiff_t i = held; i < CHUNK; i++)
            ((double *)weight)[i] = 0.0;
        for (ptrdiff_t k = 0; k < n_components; k++) {
            const double *const of = coefficients + k * n_quadratic;
            for (int from = 0; from < VECTORS; from += 8) {
                NAME(vec) joint[8];
                for (int v = 0; v < 8; v++)
                    joint[v] = NAME(all)(of[n_products]);
                for (ptrdiff_t f = 0; f < n_products; f++)
                    for (int v = 0; v < 8; v++)
                        joint[v] += of[f] * features[f * VECTORS + from + v];
                for (int v = 0; v < 8; v++) {
                    shares[k * VECTORS + from + v] = joint[v];
                    peak[from + v] = k ? NAME(larger)(joint[v], peak[from + v]) : joint[v];
                }
            }
        }
        for (int v = 0; v < VECTORS; v++)
            total[v] = NAME(all)(0.0);
        for (ptrdiff_t k = 0; k < n_components; k++)
            for (int v = 0; v < VECTORS; v += 2) {
                /* Two at once: each is a chain of steps that wait for one another. */
                const NAME(vec) one = NAME(exponential)(shares[k * VECTORS + v] - peak[v]);
                const NAME(vec) next = NAME(exponential)(shares[k * VECTORS + v + 1] - peak[v + 1]);
                shares[k * VECTORS + v] = one;
                shares[k * VECTORS + v + 1] = next;
                total[v] += one;
                total[v + 1] += next;
            }
        for (int v = 0; v < VECTORS; v++) {
            likelihood = NAME(plus_product)(likelihood, weight[v], peak[v] + NAME(logarithm)(total[v]));
            total[v] = weight[v] / total[v];
        }
        for (ptrdiff_t k = 0; k < n_components; k++) {
            NAME(part) *const of = moments + k * n_quadratic;
            NAME(vec) share[VECTORS];
            for (int v = 0; v < VECTORS; v++) {
                share[v] = shares[k * VECTORS + v] * total[v];
                of[n_products] = NAME(plus)(of[n_products], share[v]);
            }
            for (ptrdiff_t f = 0; f < n_products; f++)
                of[f] += NAME(product)(share, features + f * VECTORS);
        }
    }
    for (ptrdiff_t at = 0; at < n_components * n_quadratic; at++)
        sums[at] += NAME(total_of)(moments[at]);
    return NAME(total_of)(likelihood);
}

#undef VECTORS
