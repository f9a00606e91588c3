kernel void wait_for_it(device volatile uint *flag [[buffer(0)]]) {
    while (flag[0] == 0) {}
}
