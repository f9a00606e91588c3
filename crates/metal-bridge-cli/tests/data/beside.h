#define BESIDE 1000
