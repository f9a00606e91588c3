//! grid = 70
//! group = 35
//! in.0 = "i32 1 4 7 10 13 16 19 22 25 28 31 34 37 40 43 46 49 52 55 58 61 64 67 70 73 76 79 82 85 88 91 94 97 100 103 106 109 112 115 118 121 124 127 130 133 136 139 142 145 148 151 154 157 160 163 166 169 172 175 178 181 184 187 190 193 196 199 202 205 208"
//! in.1 = "i32 1000 1007 1014 1021 1028 1035 1042 1049 1056 1063 1070 1077 1084 1091 1098 1105 1112 1119 1126 1133 1140 1147 1154 1161 1168 1175 1182 1189 1196 1203 1210 1217 1224 1231 1238 1245 1252 1259 1266 1273 1280 1287 1294 1301 1308 1315 1322 1329 1336 1343 1350 1357 1364 1371 1378 1385 1392 1399 1406 1413 1420 1427 1434 1441 1448 1455 1462 1469 1476 1483"
//! [[run]]
//! kernel = "table"
//! out.2 = "i32 1 1077 1154 100 133 1385 1462 22 55 1203 1280 154 187 1021 1098 76 109 1329 1406 208 31 1147 1224 130 163 1455 1042 52 85 1273 1350 184 7 1091 1168 106 139 1399 1476 28 61 1217 1294 160 193 1035 1112 82 115 1343 1420 4 37 1161 1238 136 169 1469 1056 58 91 1287 1364 190 13 1105 1182 112 145 1413"
//! [[run]]
//! kernel = "threadgroup_table"
//! out.2 = "i32 1 1007 7 1021 13 16 1042 22 1056 28 31 1077 37 1091 43 46 1112 52 1126 58 61 1147 67 1161 73 76 1182 82 1196 88 91 1217 97 1231 103 106 1252 112 1266 118 121 1287 127 1301 133 136 1322 142 1336 148 151 1357 157 1371 163 166 1392 172 1406 178 181 1427 187 1441 193 196 1462 202 1476 208"
//! [[run]]
//! kernel = "same_for_all"
//! out.2 = "i32 1022 1025 1028 1031 1034 1037 1040 1043 1046 1049 1052 1055 1058 1061 1064 1067 1070 1073 1076 1079 1082 1085 1088 1091 1094 1097 1100 1103 1106 1109 1112 1115 1118 1121 1124 1127 1130 1133 1136 1139 1142 1145 1148 1151 1154 1157 1160 1163 1166 1169 1172 1175 1178 1181 1184 1187 1190 1193 1196 1199 1202 1205 1208 1211 1214 1217 1220 1223 1226 1229"
// Pointers read from memory.
#include <metal_stdlib>
using namespace metal;
#define ARGUMENTS device int* a [[buffer(0)]], device int* b [[buffer(1)]], device int* out [[buffer(2)]]
kernel void table(ARGUMENTS, uint i [[thread_position_in_grid]]) {
    device int* all[4] = {a, a, b, b};
    device int* p = all[i * 3 % 4];
    out[i] = p[i * 11 % 70];
}
struct Place { device int* p; };
kernel void threadgroup_table(ARGUMENTS, uint i [[thread_position_in_grid]], uint t [[thread_position_in_threadgroup]]) {
    threadgroup Place places[35];
    places[t].p = t % 2 ? b : a;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = places[t * 7 % 35].p[i];
}
kernel void same_for_all(ARGUMENTS, uint i [[thread_position_in_grid]], uint t [[thread_position_in_threadgroup]]) {
    threadgroup Place places[2];
    if (t < 2) places[t].p = t % 2 ? b : a;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = places[0].p[i] + places[1].p[3];
}
