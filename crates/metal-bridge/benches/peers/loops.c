// Plain parallel loops in C: what memory and arithmetic of this machine give to whoever writes for it by hand.
//
//     cc -O3 -march=native -fopenmp loops.c -lm -o loops
//
// Speaks the protocol of protocol.py.

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ADD_COUNT ((size_t)1 << 25)
#define SUM_COUNT ((size_t)1 << 24)
#define SIDE 2048
#define ITERATIONS 256

static float *a, *b, *out;
static int *image;
static double total;

// With large pages where the system has them, as our buffers are.
static void *memory(size_t bytes) {
    const size_t page = 2 << 20;
    void *pointer = aligned_alloc(page, (bytes + page - 1) / page * page);
    if (!pointer) abort();
#ifdef MADV_HUGEPAGE
    madvise(pointer, bytes, MADV_HUGEPAGE);
#endif
    memset(pointer, 0, bytes);
    return pointer;
}

static float *random_floats(uint64_t state, size_t count) {
    float *data = memory(count * sizeof *data);
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        data[i] = (float)(int32_t)(state >> 32) / 2147483648.0f;
    }
    return data;
}

// The sum of two arrays.

static void add_run(void) {
#pragma omp parallel for simd schedule(static)
    for (size_t i = 0; i < ADD_COUNT; i++) out[i] = a[i] + b[i];
}

static int add_is_right(void) {
    for (size_t i = 0; i < ADD_COUNT; i++)
        if (out[i] != a[i] + b[i]) return 0;
    return 1;
}

// The sum of an array's elements.

static void sum_run(void) {
    double sum = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum)
    for (size_t start = 0; start < SUM_COUNT; start += 4096) {
        float partial[64] = {0}; // enough independent sums to hide the latency of an addition
        for (size_t i = start; i < start + 4096; i += 64)
            for (size_t j = 0; j < 64; j++) partial[j] += a[i + j];
        for (size_t j = 0; j < 64; j++) sum += partial[j];
    }
    total = sum;
}

static int sum_is_right(void) {
    double sum = 0;
    for (size_t i = 0; i < SUM_COUNT; i++) sum += a[i];
    return fabs(total - sum) < 1e-6 * SUM_COUNT;
}

// The Mandelbrot set, from -2 to 1 and from -1.5 to 1.5. Two vectors at a time hide
// some of the latency of arithmetic; with AVX-512 they are as many lanes as a SIMD-group has.

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 16
typedef __m512 floats;
typedef __m512i ints;
typedef __mmask16 mask;
static inline floats all(float x) { return _mm512_set1_ps(x); }
static inline mask while_small(mask active, floats x) { return _mm512_mask_cmp_ps_mask(active, x, all(4), _CMP_LE_OQ); }
static inline ints count_active(ints count, mask active) {
    return _mm512_mask_add_epi32(count, active, count, _mm512_set1_epi32(1));
}
static inline int any(mask active) { return active != 0; }
#define EVERY ((mask)-1)
#elif defined(__AVX2__)
#include <immintrin.h>
#define LANES 8
typedef __m256 floats;
typedef __m256i ints;
typedef __m256 mask;
static inline floats all(float x) { return _mm256_set1_ps(x); }
static inline mask while_small(mask active, floats x) {
    return _mm256_and_ps(active, _mm256_cmp_ps(x, all(4), _CMP_LE_OQ));
}
static inline ints count_active(ints count, mask active) { return _mm256_sub_epi32(count, _mm256_castps_si256(active)); }
static inline int any(mask active) { return _mm256_movemask_ps(active) != 0; }
#define EVERY _mm256_castsi256_ps(_mm256_set1_epi32(-1))
#else
#define LANES 4
typedef float floats __attribute__((vector_size(16)));
typedef int ints __attribute__((vector_size(16)));
typedef ints mask;
static inline floats all(float x) { return (floats){x, x, x, x}; }
static inline mask while_small(mask active, floats x) { return active & (mask)(x <= 4.0f); }
static inline ints count_active(ints count, mask active) { return count - active; }
static inline int any(mask active) { return active[0] | active[1] | active[2] | active[3]; }
#define EVERY ((mask){-1, -1, -1, -1})
#endif

#define VECTORS 2

static void mandelbrot_run(void) {
    const float step = 3.0f / SIDE;
#pragma omp parallel for schedule(dynamic, 4)
    for (int y = 0; y < SIDE; y++) {
        floats ci = all(y * step - 1.5f);
        for (int x = 0; x < SIDE; x += VECTORS * LANES) {
            floats cr[VECTORS], zr[VECTORS], zi[VECTORS];
            ints count[VECTORS];
            mask active[VECTORS];
            for (int v = 0; v < VECTORS; v++) {
                float start[LANES];
                for (int lane = 0; lane < LANES; lane++) start[lane] = (x + v * LANES + lane) * step - 2.0f;
                memcpy(&cr[v], start, sizeof start);
                zr[v] = zi[v] = all(0);
                memset(&count[v], 0, sizeof count[v]);
                active[v] = EVERY;
            }
            for (int i = 0; i < ITERATIONS; i++) {
                int left = 0;
                for (int v = 0; v < VECTORS; v++) {
                    floats rr = zr[v] * zr[v], ii = zi[v] * zi[v];
                    active[v] = while_small(active[v], rr + ii);
                    count[v] = count_active(count[v], active[v]);
                    left |= any(active[v]);
                    zi[v] = (zr[v] + zr[v]) * zi[v] + ci;
                    zr[v] = rr - ii + cr[v];
                }
                if (!left) break;
            }
            for (int v = 0; v < VECTORS; v++) memcpy(&image[y * SIDE + x + v * LANES], &count[v], sizeof count[v]);
        }
    }
}

static int mandelbrot_is_right(void) {
    size_t different = 0;
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            float cr = x * (3.0f / SIDE) - 2.0f, ci = y * (3.0f / SIDE) - 1.5f, zr = 0, zi = 0;
            int count = 0;
            for (; count < ITERATIONS && zr * zr + zi * zi <= 4.0f; count++) {
                float next = zr * zr - zi * zi + cr;
                zi = 2.0f * zr * zi + ci;
                zr = next;
            }
            different += count != image[y * SIDE + x];
        }
    }
    // Rounding differs where multiplications and additions are fused differently, and decides on few pixels.
    return different < SIDE * SIDE / 100;
}

// Works by name.

static void (*run)(void);
static int (*is_right)(void);

static const char *prepare(const char *work, int threads) {
    if (threads < 1) return "error no number of threads";
    omp_set_dynamic(0);
    omp_set_num_threads(threads);
    free(a), free(b), free(out), free(image);
    a = b = out = NULL;
    image = NULL;
    run = NULL;
    if (!strcmp(work, "add_2^25")) {
        a = random_floats(1, ADD_COUNT), b = random_floats(2, ADD_COUNT), out = memory(ADD_COUNT * sizeof *out);
        run = add_run, is_right = add_is_right;
    } else if (!strcmp(work, "sum_2^24")) {
        a = random_floats(1, SUM_COUNT);
        run = sum_run, is_right = sum_is_right;
    } else if (!strcmp(work, "mandelbrot_2048")) {
        image = memory(SIDE * SIDE * sizeof *image);
        run = mandelbrot_run, is_right = mandelbrot_is_right;
    } else {
        return "error unknown work";
    }
    run();
    return is_right() ? "ok" : "error wrong result";
}

static double seconds_of_run(void) {
    double start = omp_get_wtime();
    run();
    return omp_get_wtime() - start;
}

static void answer_round(double seconds) {
    double first = seconds_of_run(), end = omp_get_wtime() + seconds;
    if (first > seconds) {
        printf("%.9g", first);
        return;
    }
    do printf("%.9g ", seconds_of_run());
    while (omp_get_wtime() < end);
}

int main(void) {
    printf("C, %s\n", __VERSION__);
    fflush(stdout);
    char line[256], work[128];
    int threads;
    double seconds;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "prepare %127s %d", work, &threads) == 2)
            printf("%s", prepare(work, threads));
        else if (run && sscanf(line, "round %lf", &seconds) == 1)
            answer_round(seconds);
        else
            printf("error unknown request");
        printf("\n");
        fflush(stdout);
    }
}
