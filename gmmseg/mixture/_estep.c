/* One E-step and its sums in a single pass over the rows: the extension module that compiled.py wraps.
 *
 * The kernel is plain C with the vector extensions of GCC and Clang: no Python, no allocation, no state. It
 * takes a chunk of rows through all steps; for few features a chunk stays in the first-level cache. Where rows
 * are missing in the last chunk, its last row is repeated with weight 0.
 */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Rounding is done by a sum and a difference that a compiler must not cancel. */
#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
#error "needs arithmetic in double precision as it is written"
#endif

/* Of this file and _estep_body.h, from setup.py. */
#ifndef CHECKSUM
#define CHECKSUM 0
#endif

/* Rows that are taken through all steps at once, and the most that one instruction takes. */
#define CHUNK 64
#define MOST_LANES 8

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
/* Terms further below the largest are 0, as in kernels.py. */
#define NEGLIGIBLE_LOG -40.0

#define PARAMETERS                                                                                          \
    const double *lines, ptrdiff_t stride, ptrdiff_t n_lines, ptrdiff_t n_rows, int is_made,                \
        int is_diagonal, const double *weights, const double *centre, const double *coefficients,           \
        ptrdiff_t n_components, ptrdiff_t n_quadratic, double *sums, double *scratch
#define TARGET
#define LANES 2
#define NAME(x) x##_plain
#include "_estep_body.h"
#undef TARGET
#undef LANES
#undef NAME

#ifdef __x86_64__
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 4
#define NAME(x) x##_avx2
#include "_estep_body.h"
#undef TARGET
#undef LANES
#undef NAME

#define TARGET __attribute__((target("avx512f,avx512dq,fma")))
#define LANES 8
#define NAME(x) x##_avx512
#include "_estep_body.h"
#undef TARGET
#undef LANES
#undef NAME
#endif

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
 * scratch      see `scratch_size`
 */
typedef double (*kernel)(PARAMETERS);

/* The kernels this processor can run, the fastest first. */
typedef struct {
    const char *name;
    kernel run;
} named_kernel;

static int list_kernels(named_kernel found[3]) {
    int n = 0;
#ifdef __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
            found[n++] = (named_kernel){"AVX-512", expect_avx512};
        found[n++] = (named_kernel){"AVX2", expect_avx2};
    }
#endif
    found[n++] = (named_kernel){"baseline", expect_plain};
    return n;
}

static size_t scratch_size(ptrdiff_t n_components, ptrdiff_t n_quadratic) {
    return (size_t)(MOST_LANES + (n_quadratic + n_components) * CHUNK + n_components * n_quadratic * MOST_LANES);
}

/* --- Python ------------------------------------------------------------------------------------------- */

/* Get a buffer of native doubles; 0 with an exception of the kind `refusal` where it is none. */
static int get_doubles(PyObject *array, Py_buffer *view, int flags, int n_dims, PyObject *refusal, const char *what) {
    if (PyObject_GetBuffer(array, view, flags | PyBUF_FORMAT | PyBUF_STRIDES) == 0) {
        if (view->ndim == n_dims && strcmp(view->format, "d") == 0 && (uintptr_t)view->buf % sizeof(double) == 0)
            return 1;
        PyBuffer_Release(view);
    }
    PyErr_Format(refusal, "%s must lie in memory as an array of doubles with %d axes", what, n_dims);
    return 0;
}

/* Check that everything fits before memory is touched; 0 with an exception where something does not. */
static int fits(const Py_buffer *lines, const Py_buffer *weights, const Py_buffer *centre,
                const Py_buffer *coefficients, const Py_buffer *sums, int is_made, int is_diagonal) {
    const Py_ssize_t d = centre->shape[0], f = coefficients->shape[1];
    if (f != (is_diagonal ? 2 * d + 1 : (d + 1) * (d + 2) / 2)) {
        PyErr_Format(PyExc_ValueError, "%zd features do not have %zd quadratic ones", d, f);
        return 0;
    }
    if (lines->shape[0] != (is_made ? f : d) || weights->shape[0] != lines->shape[1]) {
        PyErr_Format(PyExc_ValueError, "rows (%zd, %zd) with %zd weights do not fit the parameters",
                     lines->shape[0], lines->shape[1], weights->shape[0]);
        return 0;
    }
    if (sums->shape[0] != coefficients->shape[0] || sums->shape[1] != f) {
        PyErr_Format(PyExc_ValueError, "sums (%zd, %zd) do not fit the parameters (%zd, %zd)", sums->shape[0],
                     sums->shape[1], coefficients->shape[0], f);
        return 0;
    }
    if ((lines->shape[1] > 1 && lines->strides[1] != sizeof(double)) || lines->strides[0] % (Py_ssize_t)sizeof(double)) {
        PyErr_SetString(PyExc_BufferError, "the features of the rows must lie one after another in each line");
        return 0;
    }
    return 1;
}

#define N_ARGUMENTS 8

static PyObject *expect(PyObject *self, PyObject *const *arguments, Py_ssize_t n_arguments) {
    (void)self;
    if (n_arguments != N_ARGUMENTS)
        return PyErr_Format(PyExc_TypeError, "expect takes %d arguments, not %zd", N_ARGUMENTS, n_arguments);
    const Py_ssize_t which = PyLong_AsSsize_t(arguments[0]);
    const int is_made = PyObject_IsTrue(arguments[1]), is_diagonal = PyObject_IsTrue(arguments[2]);
    if (PyErr_Occurred())
        return NULL;
    named_kernel kernels[3];
    if (which < 0 || which >= list_kernels(kernels))
        return PyErr_Format(PyExc_ValueError, "there is no kernel number %zd", which);

    Py_buffer coefficients, centre, lines, weights, sums;
    PyObject *result = NULL;
    if (!get_doubles(arguments[3], &coefficients, PyBUF_C_CONTIGUOUS, 2, PyExc_ValueError, "coefficients"))
        return NULL;
    if (!get_doubles(arguments[4], &centre, PyBUF_C_CONTIGUOUS, 1, PyExc_ValueError, "centre"))
        goto release_coefficients;
    if (!get_doubles(arguments[5], &lines, PyBUF_STRIDES, 2, PyExc_BufferError, "rows"))
        goto release_centre;
    if (!get_doubles(arguments[6], &weights, PyBUF_C_CONTIGUOUS, 1, PyExc_BufferError, "weights"))
        goto release_lines;
    if (!get_doubles(arguments[7], &sums, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE, 2, PyExc_ValueError, "sums"))
        goto release_weights;
    if (fits(&lines, &weights, &centre, &coefficients, &sums, is_made, is_diagonal)) {
        const Py_ssize_t n_components = coefficients.shape[0], n_quadratic = coefficients.shape[1];
        double *const scratch = PyMem_Malloc(scratch_size(n_components, n_quadratic) * sizeof(double));
        if (scratch == NULL) {
            PyErr_NoMemory();
        } else {
            double likelihood;
            Py_BEGIN_ALLOW_THREADS
            likelihood = kernels[which].run(
                lines.buf, lines.strides[0] / (Py_ssize_t)sizeof(double), lines.shape[0], lines.shape[1], is_made,
                is_diagonal, weights.buf, centre.buf, coefficients.buf, n_components, n_quadratic, sums.buf, scratch);
            Py_END_ALLOW_THREADS
            PyMem_Free(scratch);
            result = PyFloat_FromDouble(likelihood);
        }
    }
    PyBuffer_Release(&sums);
release_weights:
    PyBuffer_Release(&weights);
release_lines:
    PyBuffer_Release(&lines);
release_centre:
    PyBuffer_Release(&centre);
release_coefficients:
    PyBuffer_Release(&coefficients);
    return result;
}

static PyMethodDef functions[] = {
    {"expect", (PyCFunction)(void (*)(void))expect, METH_FASTCALL,
     "expect(kernel, is_made, is_diagonal, coefficients, centre, lines, weights, sums)\n--\n\n"
     "Add the moments of some rows to `sums` and return their log-likelihood in nats.\n\n"
     "`kernel` is an index of KERNELS; see `gmmseg.mixture.compiled.Step` for the arrays. BufferError where rows\n"
     "or weights lie in memory in another way than this reads, ValueError where arrays do not fit each other."},
    {NULL, NULL, 0, NULL}};

static int fill_module(PyObject *module) {
    named_kernel kernels[3];
    const int n_kernels = list_kernels(kernels);
    PyObject *names = PyTuple_New(n_kernels);
    for (int at = 0; names != NULL && at < n_kernels; at++) {
        PyObject *name = PyUnicode_FromString(kernels[at].name);
        if (name == NULL || PyTuple_SetItem(names, at, name) < 0)
            Py_CLEAR(names);
    }
    if (names == NULL)
        return -1;
    const int failed = PyModule_AddObjectRef(module, "KERNELS", names);
    Py_DECREF(names);
    return failed ? failed : PyModule_AddIntConstant(module, "CHECKSUM", CHECKSUM);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill_module}, {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        .m_name = "_estep",
                                        .m_doc = "The E-step of few features in compiled code.",
                                        .m_methods = functions,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit__estep(void) { return PyModuleDef_Init(&definition); }
