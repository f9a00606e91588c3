//! [[run]]
//! kernel = "k56"
//! grid = 32
//! group = 32
//! out.0 = "i32 -20 400 -420 0 -12 545 -558 1 -2 549 -553 2 5 575 -765 3 9 660 -847 4 15 890 -1072 5 23 1419 -1594 6 33 2513 -2743 7 40 4121 -4345 8 44 6058 -6279 9 50 8566 -8782 10 58 11931 -12140 11 68 16559 -16695 12 75 22197 -22327 13 79 28446 -28573 14 85 35684 -35806 15 93 44333 -44448 16 103 54943 -55113 17 110 67059 -67223 18 114 80072 -80233 19 120 94492 -94648 20 128 110881 -111222 21 138 129941 -130273 22 145 150987 -151313 23 149 173212 -173535 24 155 197238 -197556 25 163 223815 -224190 26 173 253761 -254127 27 180 286181 -286541 28 184 320066 -320423 29 190 356174 -356526 30 198 395391 -395672 31"
//! [[run]]
//! kernel = "k96"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 -7 6 19 -12 1 14 27 -2 11 24 37 5 17 29 41 9 25 36 47 15 29 45 55 23 35 49 65 33 43 55 69 40 53 63 75 44 59 73 83 50 67 78 93 58 71 85 97 68 77 94 103 75 85 98 111 79 95 104 121 85 101 112 125 93 109 122 131 103 113 127 139 110 119 134 149 114 127 143 153 120 137 147 159 128 143 153 167 138 151 161 177 145 155 171 181 149 161 176 187 155 169 183 195 163 179 192 205 173 185 196 209 180 193 202 215 184 197 210 223 190 203 220 233 198 211 225 237 208 221 232 243 215 227 241 251 219 235 245 261 225 239 251 265 233 245 259 271 243 253 269 279 250 263 274 289 254 269 281 293 260 277 290 299 268 281 294 307 278 287 300 317 285 295 308 321 289 305 318 327"
//! [[run]]
//! kernel = "k75"
//! grid = 32
//! group = 32
//! out.0 = "i32 3314 0 -19 -20 3314 0 -12 -12 3314 11 -2 -2 3314 0 5 5 3314 0 9 9 3314 29 15 15 3314 35 23 23 3314 0 33 33 3314 3312 40 40 3314 3312 44 44 3314 67 50 50 3314 71 58 58 3314 3312 68 68 3314 85 75 75 3314 95 79 79 3314 0 85 85 3314 0 93 93 3314 113 103 103 3314 119 110 110 3314 127 114 114 3314 3312 120 120 3314 3312 128 128 3314 151 138 138 3314 0 145 145 3314 0 149 149 3314 169 155 155 3314 179 163 163 3314 0 173 173 3314 3312 180 180 3314 3312 184 184 3314 203 190 190 3314 211 198 198"
//! [[run]]
//! kernel = "k100"
//! grid = 32
//! group = 32
//! out.0 = "i32 -20 17 6 -7 5 17 -11 1 -2 17 24 11 21 17 22 17 9 17 36 25 29 17 46 29 23 17 49 35 33 17 55 43 40 17 63 53 44 17 73 59 50 17 78 67 58 17 85 71 68 17 94 77 87 17 19 85 79 17 104 95 117 17 129 101 93 17 122 109 119 17 120 113 110 17 134 119 114 17 143 127 120 17 147 137 128 17 153 143 138 17 161 151 145 17 171 155 149 17 176 161 187 17 52 169 163 17 192 179 189 17 21 185 180 17 202 193 213 17 225 197 190 17 220 203 198 17 225 211"
//! [[run]]
//! kernel = "k109"
//! grid = 32
//! group = 32
//! out.0 = "i32 -7 -7 6 19 9 1 14 27 0 11 24 37 0 17 29 41 0 25 36 47 0 29 45 55 0 33 49 65 0 43 55 69 0 53 63 75 0 27 73 83 75 67 78 93 0 69 85 97 77 77 94 103 93 85 98 111 0 95 104 121 109 101 112 125 109 109 122 131 0 113 127 139 127 119 134 149 0 127 143 153 0 137 147 159 0 143 153 167 0 145 161 177 0 155 171 181 0 161 176 187 0 169 183 195 0 179 192 205 185 185 196 209 201 193 202 215 205 197 210 223 0 203 220 233 0 193 225 237"
//! [[run]]
//! kernel = "k123"
//! grid = 20
//! group = 20
//! out.0 = "i32 59 -7 -20 -20 59 1 -12 -12 59 11 -2 -2 59 17 5 5 30 25 9 9 30 29 15 15 30 35 23 23 30 43 33 33 -2 53 40 40 -2 59 44 44 -2 67 50 50 -2 71 58 58 -37 77 68 68 -37 85 75 75 -37 95 79 79 -37 101 85 85 -70 109 93 93 -70 113 103 103 -70 119 110 110 -70 127 114 114"
//! [[run]]
//! kernel = "k230"
//! grid = 32
//! group = 32
//! out.0 = "i32 -1 -7 3730 4 -5380 1 14 4 -1 11 24 4 -2628 17 29 4 -1 25 3730 4 -1 29 45 4 -1 35 49 4 -406 43 55 4 -1 53 63 4 -1 59 73 4 -1270 67 78 4 -5380 71 85 4 -1270 77 94 4 -1 85 98 4 -1 95 104 4 -1 101 112 4 -1 109 122 4 -406 113 127 4 -406 119 134 4 -1270 127 143 4 -1 137 147 4 -1 143 153 4 -1 151 3730 4 -1 155 746 4 -1 161 3730 4 -1 169 183 4 -1 179 192 4 -1 185 3730 4 -1 193 202 4 -1 197 210 4 -1270 203 220 4 -1 211 225 4"
//! [[run]]
//! kernel = "k238"
//! grid = 64
//! group = 64
//! out.0 = "i32 6 -7 6 3727 14 1 -1872543026 -1870421752 24 11 24 3727 204 17 -1872543026 -1320540134 36 25 36 3727 204 29 -1872543026 -1870421752 204 35 49 3727 204 43 -1872543026 -1320540134 204 53 63 3727 204 59 -1872543026 -1870421752 78 67 78 3727 204 71 -1872543026 -1320540134 94 77 94 3727 98 85 -1872543026 -1870421752 104 95 104 3727 112 101 -1872543026 -1320540134 122 109 122 3727 204 113 -1872543026 -1870421752 134 119 134 3727 204 127 -1872543026 -1320540134 204 137 147 3727 204 143 -1872543026 -1870421752 204 151 161 3727 204 155 -1872543026 -1320540134 176 161 176 3727 204 169 -1872543026 -1870421752 192 179 192 3727 196 185 -1872543026 -1320540134 202 193 202 3727 210 197 -1872543026 -1870421752 220 203 220 3727 204 211 -1872543026 -1320540134 232 221 232 10895 430 227 1809042282 1809053380 430 235 245 10895 430 239 1809042282 1132171030 430 245 259 10895 430 253 1809042282 1809053380 274 263 274 10895 430 269 1809042282 1132171030 290 277 290 10895 294 281 1809042282 1809053380 300 287 300 10895 308 295 1809042282 1132171030 318 305 318 10895 430 311 1809042282 1809053380 330 319 330 10895 430 323 1809042282 1132171030 430 329 343 10895 430 337 1809042282 1809053380 430 347 357 10895 430 353 1809042282 1132171030 372 361 372 10895 430 365 1809042282 1809053380 388 371 388 10895 392 379 1809042282 1132171030 398 389 398 10895 406 395 1809042282 1809053380 416 403 416 10895 430 407 1809042282 1132171030 428 413 428 10895 430 421 1809042282 1809053380 430 431 441 10895 430 437 1809042282 1132171030"
//! [[run]]
//! kernel = "k0"
//! grid = 20
//! group = 20
//! out.0 = "i32 -20 -1 6 19 -20 -1 14 27 -20 -1 24 37 -20 -1 29 41 -20 -1 36 47 -20 -1 45 55 -20 -1 49 65 -20 -1 55 69 -20 -1 63 75 -20 -1 73 83 -20 -1 78 93 -20 -1 85 97 -20 -1 94 103 -20 -1 98 111 -20 -1 104 121 -20 -1 112 125 -20 -1 122 131 -20 -1 127 139 -20 -1 134 149 -20 -1 143 153"
//! [[run]]
//! kernel = "k3"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 -40 6 0 -12 -24 14 3 -2 -4 24 6 5 17 29 41 9 16 36 12 15 28 45 15 23 44 49 18 33 64 55 21 40 80 63 24 44 88 73 27 50 100 78 30 58 116 85 33 68 136 94 36 75 85 98 111 79 0 104 42 85 168 112 45 93 0 122 48 103 204 127 51 110 220 134 54 114 228 143 57 120 240 147 60 128 256 153 63 138 276 161 66 145 155 171 181 149 296 176 72 155 308 183 75 163 324 192 78 173 344 196 81 180 140 202 84 184 168 210 87 190 210 220 90 198 189 225 93 208 416 232 96 215 227 241 251 219 0 245 102 225 448 251 105 233 0 259 108 243 484 269 111 250 500 274 114 254 508 281 117 260 520 290 120 268 536 294 123 278 556 300 126 285 295 308 321 289 576 318 132"
//! [[run]]
//! kernel = "k4"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 496 6 0 -20 496 1 1 -20 496 2 2 -20 496 29 3 -20 496 4 4 -20 496 5 5 -20 496 49 6 -20 496 7 7 -20 496 8 8 -20 496 73 9 -20 496 10 10 -20 496 11 11 -20 496 94 12 -20 496 13 13 -20 496 14 14 -20 496 112 15 -20 496 16 16 -20 496 17 17 -20 496 134 18 -20 496 19 19 -20 496 20 20 -20 496 153 21 -20 496 22 22 -20 496 23 23 -20 496 176 24 -20 496 25 25 -20 496 26 26 -20 496 196 27 -20 496 28 28 -20 496 29 29 -20 496 220 30 -20 496 31 31 208 494 232 32 208 494 494 33 208 494 494 34 208 494 251 35 208 494 494 36 208 494 494 37 208 494 274 38 208 494 494 39 208 494 494 40 208 494 294 41 208 494 494 42 208 494 494 43 208 494 318 44"
//! [[run]]
//! kernel = "k6"
//! grid = 32
//! group = 32
//! out.0 = "i32 -20 -7 0 19 -12 1 0 27 -2 11 0 37 5 17 0 41 9 25 36 47 15 29 45 55 23 35 0 65 33 43 55 69 40 53 0 75 44 59 0 83 50 67 0 93 58 71 0 97 68 77 0 103 75 85 98 111 79 95 0 121 85 101 0 125 93 109 122 131 103 113 0 139 110 119 0 149 114 127 143 153 120 137 147 159 128 143 0 167 138 151 161 177 145 155 0 181 149 161 0 187 155 169 0 195 163 179 0 205 173 185 0 209 180 193 202 215 184 197 0 223 190 203 0 233 198 211 225 237"
//! [[run]]
//! kernel = "k8"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 -7 6 45 -12 1 14 45 -2 11 24 45 17 17 8 41 25 25 16 47 29 29 45 55 35 35 24 65 43 43 55 69 40 53 63 45 44 59 73 83 50 67 78 45 58 71 85 45 68 77 94 45 85 85 98 111 95 95 32 121 101 101 40 125 109 109 48 131 113 113 127 139 110 119 134 45 114 127 143 45 120 137 147 45 128 143 153 167 138 151 161 45 155 155 171 181 161 161 56 187 169 169 183 195 179 179 64 205 185 185 72 209 180 193 202 45 184 197 210 45 190 203 220 45 198 211 225 45 208 221 232 15 227 227 8 251 235 235 16 261 239 239 251 265 245 245 24 271 253 253 269 279 250 263 274 15 254 269 281 293 260 277 290 15 268 281 294 15 278 287 300 15 295 295 308 321 305 305 32 327"
//! [[run]]
//! kernel = "k9"
//! grid = 20
//! group = 20
//! out.0 = "i32 19 0 172 19 46 9 172 27 83 31 172 37 124 58 172 41 171 90 172 47 226 131 172 55 291 189 172 65 360 248 172 69 435 312 172 75 518 393 172 83 611 479 172 93 708 578 172 97 811 682 172 103 922 787 172 111 1043 909 172 121 1168 1032 172 125 1299 1176 172 131 1438 1329 172 139 1587 1479 172 149 1740 1634 172 153"
//! [[run]]
//! kernel = "k10"
//! grid = 32
//! group = 32
//! out.0 = "i32 -7 -7 0 19 1 1 1 27 11 11 2 37 17 17 3 41 12384 25 36 47 29 29 5 55 36 35 6 65 43 43 7 69 53 53 8 75 59 59 9 83 67 67 10 93 71 71 11 97 77 77 12 103 82 85 13 111 88 95 14 121 101 101 15 125 109 109 16 131 113 113 17 139 119 119 18 149 127 127 19 153 137 137 20 159 143 143 21 167 151 151 22 177 156 155 23 181 161 161 24 187 169 169 25 195 179 179 26 205 12384 185 196 209 193 193 28 215 197 197 29 223 203 203 30 233 211 211 31 237"
//! [[run]]
//! kernel = "k11"
//! grid = 32
//! group = 32
//! out.0 = "i32 -20 -7 6 19 -12 1 14 27 -2 11 24 37 5 17 29 41 9 25 36 47 15 29 45 55 23 35 49 65 33 43 55 69 40 53 63 75 44 59 73 83 50 67 78 93 58 71 85 97 68 77 94 103 75 85 98 111 79 95 104 121 85 101 112 125 93 109 122 131 103 113 127 139 110 119 134 149 114 127 143 153 120 137 147 159 128 143 153 167 138 151 161 177 145 155 171 181 149 161 176 187 155 169 183 195 163 179 192 205 173 185 196 209 180 193 202 215 184 197 210 223 190 203 220 233 198 211 225 237"
//! [[run]]
//! kernel = "k12"
//! grid = 20
//! group = 20
//! out.0 = "i32 22 -7 6 22 67 1 14 67 133 11 24 133 208 17 29 208 251 25 25 251 242 29 29 242 313 35 49 313 254 43 43 254 369 53 63 369 478 59 73 478 590 67 78 590 703 71 85 703 841 77 94 841 850 85 85 850 1027 95 104 1027 1237 101 112 1237 1070 109 109 1070 1309 113 127 1309 1473 119 134 1473 1086 127 127 1086"
//! [[run]]
//! kernel = "k13"
//! grid = 20
//! group = 20
//! out.0 = "i32 -20 -20 6 19 -12 -12 1 27 372324 14831 24 37 372324 28367 29 41 9 1171 36 41 15 15 45 39 372324 372324 49 65 -16188 2960 55 69 40 40 63 31 372324 406199 73 83 -16188 6223 78 93 372324 372324 85 97 372324 372324 94 103 75 75 98 30 372324 1389675 104 121 372324 372324 112 125 -16188 -16188 122 131 372324 372324 127 139 372324 2640719 134 149 -16188 19428 143 153"
//! [[run]]
//! kernel = "k14"
//! grid = 45
//! group = 45
//! out.0 = "i32 7 -7 20 4 7 1 20 4 7 11 20 4 7 17 20 4 7 25 20 4 7 29 20 4 7 35 20 4 7 43 20 4 7 53 20 4 7 59 20 4 7 67 20 4 7 71 20 4 7 77 20 4 7 85 20 4 7 95 20 4 7 101 20 4 7 109 20 4 7 113 20 4 7 119 20 4 7 127 20 4 7 137 20 4 7 143 20 4 7 151 20 4 7 155 20 4 7 161 20 4 7 169 20 4 7 179 20 4 7 185 20 4 7 193 20 4 7 197 20 4 7 203 20 4 7 211 20 4 7 221 4 4 7 227 4 4 7 235 4 4 7 239 4 4 7 245 4 4 7 253 4 4 7 263 4 4 7 269 4 4 7 277 4 4 7 281 4 4 7 287 4 4 7 295 4 4 7 305 4 4"
//! [[run]]
//! kernel = "k16"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 3 6 19 1 0 0 27 -2 9 24 37 3 0 0 41 9 15 36 47 5 0 0 55 23 21 49 65 7 0 0 69 40 27 63 75 9 0 0 83 50 33 78 93 11 0 0 97 68 39 94 103 13 0 0 111 79 45 104 121 15 0 0 125 93 51 122 131 17 0 0 139 110 57 134 149 19 0 0 153 120 63 147 159 21 0 0 167 138 69 161 177 23 0 0 181 149 75 176 187 25 0 0 195 163 81 192 205 27 0 0 209 180 87 202 215 29 0 0 223 190 93 220 233 31 0 0 237 208 3 232 243 33 29592 29592 251 219 9 245 261 35 29592 29592 265 233 15 259 271 37 29592 29592 279 250 21 274 289 39 29592 29592 293 260 27 290 299 41 29592 29592 307 278 33 300 317 43 29592 29592 321 289 39 318 327"
//! [[run]]
//! kernel = "k17"
//! grid = 20
//! group = 20
//! out.0 = "i32 -20 13 544740 13 -32 45 544740 45 -34 73 544740 73 -258 772 544740 772 -678 2725 544740 2725 15 8138 1627 8138 -3628 21765 544740 21765 -6960 48730 544740 48730 40 89925 11241 89925 -16820 151464 544740 151464 50 8 231779 231779 -30312 333454 544740 333454 68 447793 37317 447793 75 593359 45642 593359 79 779447 55675 779447 -66300 994505 544740 994505 93 1392637 87039 1392637 -111656 1898149 544740 1898149 -139706 2514713 544740 2514713 -168320 3198093 544740 3198093"
//! [[run]]
//! kernel = "k19"
//! grid = 45
//! group = 45
//! out.0 = "i32 -3 -7 -7 19 -3 1 -6 27 -3 11 5 4 -3 17 22 41 -3 25 19 47 -3 29 48 55 -3 35 111 65 -3 43 154 69 -3 53 101 75 -3 59 160 83 -3 67 333 0 -3 71 404 0 -3 77 237 103 -3 85 322 111 -3 95 661 121 -3 101 762 125 -3 109 431 131 -3 113 544 139 -3 119 1103 4 -3 127 1230 0 -3 137 681 159 -3 143 824 167 -3 151 1661 0 -3 155 1816 181 -3 161 985 187 -3 169 1154 195 -3 179 2325 205 -3 185 2510 209 -3 193 1347 215 -3 197 1544 223 -3 203 3103 4 -3 211 3314 4 -3 221 221 243 -3 227 448 251 -3 235 683 261 -3 239 922 265 -3 245 693 271 -3 253 946 279 -3 263 1683 0 -3 269 1952 0 -3 277 1223 299 -3 281 1504 307 -3 287 2797 0 -3 295 3092 321 -3 305 1809 327"
//! [[run]]
//! kernel = "k20"
//! grid = 45
//! group = 45
//! out.0 = "i32 -36 97 6 0 -182 97 14 0 -528 97 24 0 -754 97 29 0 -1152 97 36 0 -1800 97 45 0 -2107 97 49 0 -2640 97 55 0 -3465 97 63 0 -4672 97 73 0 -5304 97 78 0 -6290 97 85 0 -7708 97 94 0 -8330 97 98 0 -9360 97 104 0 -10864 97 112 0 -12932 97 122 0 -13970 97 127 0 -15544 97 134 0 -17732 97 143 0 -18669 97 147 0 -20196 97 153 0 -22379 97 161 0 -25308 97 171 0 -26752 97 176 0 -28914 97 183 0 -31872 97 192 0 -33124 97 196 0 -35148 97 202 0 -38010 97 210 0 -41800 97 220 0 -43650 97 225 0 -46400 304 232 0 -50128 304 241 0 -51695 304 245 0 -54216 304 251 0 -57757 304 259 0 -62408 304 269 0 -64664 304 274 0 -68002 304 281 0 -72500 304 290 0 -74382 304 294 0 -77400 304 300 0 -81620 304 308 0 -87132 304 318 0"
//! [[run]]
//! kernel = "k21"
//! grid = 20
//! group = 20
//! out.0 = "i32 -20 -7 6 19 -12 1 14 27 -2 11 24 37 5 17 29 41 9 25 36 47 15 29 45 55 23 35 49 65 33 43 55 69 40 53 63 75 44 59 73 83 50 67 78 93 58 71 85 97 68 77 94 103 75 85 98 111 79 95 104 121 85 101 112 125 93 109 122 131 103 113 127 139 110 119 134 149 114 127 143 153"
// Random programs of nested divergent control flow around SIMD-group operations. The expected values are those of an
// interpreter that runs each statement for all threads that are at it, and lets branches and loops end together.
#include <metal_stdlib>
using namespace metal;
kernel void k56(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v2 = (((-2) + v2) ^ (v1 - v1));
    v1 = simd_sum(0);
    v1 = int(i);
    v1 = simd_prefix_inclusive_sum(((v1 & v3) + (v0 * v0)));
    if (uint(int(i)) % 2 == 2) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    v2 = simd_sum(2);
    v3 = int(i);
    for (int k1 = 0, n1 = 2; k1 < n1; ++k1) {
        v2 = simd_sum(((-1)) * 3);
        v2 = ((v2 + (v0 ^ v2)) - ((v1 | v1) + int(i)));
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k96(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    if (v2 > ((v2 - v2) | (-1))) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    if (int(i) > v2) {
        if (uint(int(i)) % 5 == 1) {
            { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
        }
    } else {
        if (v3 > ((v0 ^ v0) * (v2 & v0))) {
            v0 = simd_min(v1);
            v0 = simd_min(((v2 & v1) * (v0 ^ v2)));
            for (int k1 = 0, n1 = int(lane % 3 + 0); k1 < n1; ++k1) {
                v2 = v1;
                v3 = simd_sum(v0);
            }
        } else {
            v1 = simd_sum((v1 | (v1 + v0)));
            v2 = v0;
            if (uint(v3) % 4 == 1) {
                v1 = simd_max((1 - v2));
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k75(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v3 = simd_sum(((v0 | v2) | (v2 * v3)));
    v3 = simd_sum(((v1 | v2) & 6));
    v3 = v0;
    v2 = v0;
    v3 = v2;
    v0 = simd_sum((v1 ^ (v0 ^ v2)));
    switch (uint((7 & (v3 | v2))) % 4) {
        case 0: {
            v1 = int(simd_all(((int(i) & v2)) & 2));
            if (lane < 3) {
                v2 = ((v2 | 5) ^ int(i));
                for (int k1 = 0, n1 = int(lane % 2 + 1); k1 < n1; ++k1) {
                    if (uint(((v2 ^ v0) & 9)) % 4 == 0) {
                        continue;
                    }
                }
            } else {
                v1 = (2 ^ (v0 | 2));
            }
            break;
        }
        case 1: {
            v2 = v3;
            v1 = int(simd_all(((v0 ^ v1)) & 2));
            break;
        }
        case 2: {
            break;
        }
        default: break;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k100(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v3 = simd_min((int(i) ^ v0));
    v3 = v1;
    v1 = int(popcount(uint((simd_vote::vote_t)simd_ballot(((v2 - 3)) & 1))));
    switch (uint(v3) % 4) {
        case 0: {
            v2 = quad_sum((v0 ^ v3));
            break;
        }
        case 1: {
            for (int k1 = 0, n1 = int(lane % 2 + 0); k1 < n1; ++k1) {
                v0 = (((v2 | v2) & (v0 ^ v3)) | v3);
                for (int k2 = 0, n2 = int(uint(v1) % 2); k2 < n2; ++k2) {
                    v2 = (((v1 * v2) & v0) + (v0 ^ (v0 - v1)));
                    if (uint(5) % 2 == 2) {
                        continue;
                    }
                }
            }
            break;
        }
        case 2: {
            break;
        }
        default: break;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k109(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v0 = int(simd_all((v3) & 2));
    switch (uint(((v1 | v3) + (v0 | v2))) % 4) {
        case 0: {
            for (int k1 = 0, n1 = int(lane % 4 + 1); k1 < n1; ++k1) {
                v1 = ((v1 & (v3 | v2)) + v0);
                for (int k2 = 0, n2 = int(lane % 3 + 1); k2 < n2; ++k2) {
                    if (uint(((v2 + v3) + (v3 + v1))) % 4 == 1) {
                        break;
                    }
                    if (uint((6 & (v0 & v0))) % 3 == 0) {
                        continue;
                    }
                }
                if ((v1 - v3) > 5) {
                    continue;
                }
            }
            break;
        }
        case 1: {
            v0 = (((v0 + v1) ^ 8) | v1);
            if (uint(v1) % 4 == 1) {
                if (((v0 - v0) + v3) == v0) {
                    if (v1 > v3) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                }
            }
            break;
        }
        case 2: {
            break;
        }
        default: break;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k123(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v3 = v0;
    v2 = int(simd_all((v0) & 2));
    v2 = int(i);
    for (int k1 = 0, n1 = 2; k1 < n1; ++k1) {
        v0 = quad_sum(((v0 - v3) + int(i)));
    }
    v2 = simd_sum(v3);
    v2 = v3;
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k230(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v0 = simd_sum((4 + (v2 & v0)));
    v0 = simd_xor(v2);
    for (int k1 = 0, n1 = int(uint(v3) % 5); k1 < n1; ++k1) {
        v0 = simd_sum(((v2 ^ v1) * (-2)));
        if (uint(v2) % 5 == 1) {
            v2 = simd_sum(v2);
            for (int k2 = 0, n2 = 3; k2 < n2; ++k2) {
                if (v3 < (v0 + (v2 & v2))) {
                    continue;
                }
                if (uint(v2) % 3 == 1) {
                    continue;
                }
            }
        } else {
            for (int k3 = 0, n3 = 2; k3 < n3; ++k3) {
                v3 = v2;
            }
        }
        if ((4 + v0) != (-2)) {
            continue;
        }
        v3 = int(i);
    }
    for (int k4 = 0, n4 = 2; k4 < n4; ++k4) {
        if (v3 != (v2 | 4)) {
            v0 = (-1);
        }
    }
    v3 = 4;
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k238(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v0 = v1;
    v0 = v2;
    v3 = simd_sum(v2);
    for (int k1 = 0, n1 = 2; k1 < n1; ++k1) {
        if (uint(((v1 + v0) ^ (v0 + v0))) % 2 == 1) {
            if (uint(int(i)) % 2 == 0) {
                continue;
            }
            v2 = 6;
            v2 = simd_sum((v1 * (v3 ^ v0)));
        } else {
            v0 = simd_max((v1 - 7));
            if ((v1 * v2) == int(i)) {
                if (int(i) == v1) {
                    continue;
                }
                if (v1 > 6) {
                    break;
                }
            }
            if ((int(i) ^ v3) != ((v1 | v3) ^ (v2 ^ v1))) {
                continue;
            }
        }
        for (int k2 = 0, n2 = int(lane % 4 + 0); k2 < n2; ++k2) {
            v3 = simd_broadcast_first(((v3 - v1) + (v0 + v2)));
        }
    }
    if (lane < 20) {
        if (v3 < 5) {
            for (int k3 = 0, n3 = int(uint(v0) % 2); k3 < n3; ++k3) {
                v2 = int(i);
                if (uint(v1) % 5 == 2) {
                    continue;
                }
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k0(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(lane % 2 + 1); k1 < n1; ++k1) {
        v1 = simd_xor(v0);
        if (lane < 31) {
            v1 = v0;
            if (uint((-2)) % 4 == 1) {
                continue;
            }
        }
        if (uint(v1) % 3 == 0) {
            if (v3 < ((v2 & v2) | (v1 + v1))) {
                continue;
            }
            v2 = (v2 ^ (v1 & (v2 & v3)));
        } else {
            v1 = simd_xor(v2);
        }
        if (uint(((v1 | v3) & int(i))) % 5 == 1) {
            continue;
        }
    }
    v0 = 7;
    v1 = simd_xor(v2);
    v1 = (-1);
    v0 = simd_sum((v0 | v1));
    if ((-2) < v0) {
        v0 = (-2);
        v0 = v1;
        for (int k2 = 0, n2 = int(uint(v0) % 2); k2 < n2; ++k2) {
            if (uint(v3) % 4 == 2) {
                v0 = ((-3) * int(i));
                v0 = (v2 ^ ((v1 & v0) ^ (v2 - v0)));
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k3(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    if (uint(v3) % 5 == 1) {
        if (uint(int(i)) % 2 == 1) {
            { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
        }
        v1 = simd_xor((int(i) ^ int(i)));
    } else {
        v1 = ((-3) & (v0 + v0));
    }
    for (int k1 = 0, n1 = 4; k1 < n1; ++k1) {
        v3 = (3 * int(i));
        if (uint((v0 * int(i))) % 2 == 0) {
            if ((-1) < v3) {
                if (lane < 28) {
                    continue;
                }
                v1 = ((int(i) & (v2 - v0)) * 7);
            }
            for (int k2 = 0, n2 = int(uint(v0) % 5); k2 < n2; ++k2) {
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k4(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v3 = (-2);
    v3 = int(i);
    v1 = simd_sum(int(i));
    v0 = simd_min(v0);
    for (int k1 = 0, n1 = int(lane % 3 + 0); k1 < n1; ++k1) {
        v2 = (v1 & (-2));
        switch (uint(v2) % 4) {
            case 0: {
                v2 = int(i);
                if (uint(int(i)) % 5 == 1) {
                    { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                }
                break;
            }
            case 1: {
                v1 = simd_min(v0);
                v3 = (int(i) * (v1 | v1));
                break;
            }
            case 2: {
                break;
            }
            default: break;
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k6(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(uint(v0) % 3); k1 < n1; ++k1) {
        switch (uint(8) % 4) {
            case 0: {
                v2 = simd_sum(0);
                for (int k2 = 0, n2 = int(uint(v0) % 3); k2 < n2; ++k2) {
                    if (uint(v3) % 4 == 0) {
                        continue;
                    }
                    if (uint((-2)) % 3 == 2) {
                        continue;
                    }
                    v0 = int(i);
                }
                break;
            }
            case 1: {
                for (int k3 = 0, n3 = 3; k3 < n3; ++k3) {
                    v0 = simd_sum((v1) * 3);
                    v2 = v1;
                    v1 = simd_xor(int(i));
                    if (uint(int(i)) % 3 == 0) {
                        break;
                    }
                }
                break;
            }
            case 2: {
                if (lane < 22) {
                    if (int(i) != v3) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    v3 = int(i);
                    v0 = (((v3 | v3) + (v2 & v3)) - ((v1 * v0) - v2));
                } else {
                    v2 = int(simd_all((((v3 * v3) ^ 7)) & 2));
                    if ((6 & v3) > ((v3 * v1) | v0)) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    if (((v0 - v3) + v1) != v2) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                }
                if (uint(v0) % 2 == 2) {
                }
                break;
            }
            default: break;
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k8(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    switch (uint((v1 + v0)) % 4) {
        case 0: {
            v0 = v1;
            break;
        }
        case 1: {
            v3 = simd_sum(3);
            break;
        }
        case 2: {
            if (uint(v3) % 2 == 0) {
                v1 = (v3 | 3);
                for (int k1 = 0, n1 = 3; k1 < n1; ++k1) {
                    v3 = simd_max(((v0 & v0) & 0));
                }
            } else {
                for (int k2 = 0, n2 = 4; k2 < n2; ++k2) {
                    if (((v2 & v2) | int(i)) == v1) {
                        continue;
                    }
                    v0 = v1;
                }
                v2 = simd_prefix_inclusive_sum(8);
            }
            break;
        }
        default: break;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k9(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v1 = simd_min((v3 + (v0 + v1)));
    for (int k1 = 0, n1 = 4; k1 < n1; ++k1) {
        v0 = (((v3 - v2) + (v0 ^ v0)) ^ ((v1 ^ v0) + (v1 + v1)));
    }
    v1 = simd_max(int(i));
    v0 = int(i);
    if ((int(i) | int(i)) < (v2 * 3)) {
        v1 = simd_prefix_inclusive_sum(((v0 - v1) + (v0 | v3)));
    }
    v0 = 6;
    v0 = simd_prefix_inclusive_sum(v3);
    v2 = simd_max((int(i) + v3));
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k10(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v0 = simd_sum((v3) * 3);
    for (int k1 = 0, n1 = 2; k1 < n1; ++k1) {
        switch (uint(4) % 4) {
            case 0: {
                v1 = (7 ^ v1);
                for (int k2 = 0, n2 = int(uint(v1) % 5); k2 < n2; ++k2) {
                    v0 = v1;
                    v2 = int(i);
                    if ((-2) != ((v3 - v0) * 6)) {
                        break;
                    }
                    if (uint(v2) % 3 == 0) {
                        break;
                    }
                }
                break;
            }
            case 1: {
                v1 = ((v2 ^ v1) ^ ((-1) * (v3 - v2)));
                v0 = simd_sum(v2);
                break;
            }
            case 2: {
                v3 = (-1);
                break;
            }
            default: break;
        }
        if (uint(int(i)) % 5 == 0) {
            for (int k3 = 0, n3 = 3; k3 < n3; ++k3) {
                if (uint(v2) % 5 == 1) {
                    break;
                }
                if (((-2) + v0) != v3) {
                    continue;
                }
                v3 = (v2 ^ (2 | (v1 & v0)));
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k11(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    if (uint(6) % 3 == 0) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    for (int k1 = 0, n1 = int(lane % 4 + 2); k1 < n1; ++k1) {
        v0 = int(i);
        v1 = quad_sum((v0 & v1));
        if (v3 != v1) {
            v1 = simd_sum((int(i)) * 3);
            if (uint(v1) % 2 == 1) {
                v0 = 1;
                v0 = int(simd_all((((v0 & v0) * 1)) & 2));
            }
        } else {
            v1 = simd_sum(((v2 * v3)) * 3);
            for (int k2 = 0, n2 = 1; k2 < n2; ++k2) {
                if (0 > (3 - v3)) {
                    break;
                }
                v2 = (v3 + ((v1 + v2) & v2));
                if (v1 < v2) {
                    continue;
                }
                if (((v2 - v1) - (v1 - v3)) != (v0 & v0)) {
                    continue;
                }
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k12(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    if (uint(v0) % 3 == 0) {
        v0 = simd_prefix_inclusive_sum((v3 ^ (v0 & v1)));
        v2 = v1;
        v1 = v2;
    }
    v3 = ((int(i) - (v0 & v0)) + 3);
    if ((-3) != int(i)) {
        v0 = simd_prefix_inclusive_sum(((v2 | v3) + (v2 + v1)));
        v3 = v0;
    } else {
        v1 = ((v2 - v2) + 6);
        if (((v0 & v1) - int(i)) != v1) {
            if (uint(((v3 - v2) * v3)) % 3 == 1) {
                v2 = 8;
                v3 = v1;
            } else {
                v1 = ((v0 * int(i)) + v0);
                v1 = v2;
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k13(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(uint(v1) % 3); k1 < n1; ++k1) {
        v1 = (7 + ((v2 - v3) + (v1 * v3)));
        if ((int(i) & v3) == int(i)) {
            if (lane < 2) {
                v2 = ((8 - (-1)) & v1);
                if (v2 != (-1)) {
                    continue;
                }
                if (uint(((-2) | 7)) % 5 == 1) {
                    break;
                }
            }
            v3 = (((v2 | v2) - int(i)) ^ ((v0 | v0) | 8));
        } else {
            v0 = simd_min((v0 - (v0 * v2)));
        }
    }
    if (v3 == int(i)) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    if (uint(v1) % 4 == 1) {
        v1 = v0;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k14(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(uint(v2) % 4); k1 < n1; ++k1) {
        if (v2 == v3) {
            v3 = simd_prefix_inclusive_sum((v2 + 1));
            v1 = simd_sum(v2);
        }
    }
    v0 = quad_sum(((v2 & v0) | (v1 ^ v1)));
    v2 = int(popcount(uint((simd_vote::vote_t)simd_ballot((v0) & 1))));
    v0 = simd_max(v3);
    v0 = 7;
    v3 = 4;
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k16(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v1 = simd_prefix_inclusive_sum(3);
    if (uint(v1) % 2 == 1) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    v1 = simd_broadcast_first((v1 & (v1 * v0)));
    v2 = simd_sum(((3 * (v1 * v2))) * 3);
    if ((4 + v3) != (6 + v0)) {
        v0 = int(i);
        v1 = v2;
    }
    switch (uint(v1) % 4) {
        case 0: {
            if (uint(v0) % 5 == 2) {
                { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
            }
            break;
        }
        case 1: {
            v0 = simd_sum(v0);
            for (int k1 = 0, n1 = 1; k1 < n1; ++k1) {
                switch (uint(((v0 * v3) + (-3))) % 4) {
                    case 0: {
                        v2 = v0;
                        break;
                    }
                    case 1: {
                        break;
                    }
                    case 2: {
                        break;
                    }
                    default: break;
                }
            }
            break;
        }
        case 2: {
            break;
        }
        default: break;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k17(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = 3; k1 < n1; ++k1) {
        v2 = simd_prefix_inclusive_sum(((v3 | v0) * v1));
        v1 = v0;
    }
    if (uint(v0) % 5 == 2) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    v1 = ((v2 * int(i)) ^ (4 | 9));
    v3 = v1;
    switch (uint((0 - (v3 & v2))) % 4) {
        case 0: {
            v0 = ((int(i) & (v2 * v2)) - v2);
            v2 = simd_sum(v2);
            break;
        }
        case 1: {
            if (uint(((v3 ^ v3) + int(i))) % 5 == 0) {
                v2 = v3;
                v1 = 8;
                switch (uint((5 ^ v1)) % 4) {
                    case 0: {
                        v2 = (v1 | v2);
                        if (lane < 26) {
                            { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                        }
                        break;
                    }
                    case 1: {
                        v3 = v2;
                        break;
                    }
                    case 2: {
                        break;
                    }
                    default: break;
                }
            }
            break;
        }
        case 2: {
            break;
        }
        default: break;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k19(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(uint(v3) % 4); k1 < n1; ++k1) {
        if (uint(v0) % 4 == 2) {
            v3 = int(popcount(uint((simd_vote::vote_t)simd_ballot((v2) & 1))));
            for (int k2 = 0, n2 = 3; k2 < n2; ++k2) {
                if ((v3 ^ (v2 ^ v1)) < (v0 ^ (v1 ^ v0))) {
                    continue;
                }
            }
            v3 = (v3 & (5 ^ (v0 + v3)));
        } else {
            switch (uint(((v1 ^ v3) | (v0 * v2))) % 4) {
                case 0: {
                    v2 = simd_prefix_inclusive_sum((1 ^ (v2 + v3)));
                    v0 = 4;
                    break;
                }
                case 1: {
                    v2 = v1;
                    break;
                }
                case 2: {
                    v0 = quad_sum(v3);
                    break;
                }
                default: break;
            }
            switch (uint(((v2 | v3) | (v1 + v3))) % 4) {
                case 0: {
                    v0 = simd_broadcast_first(v2);
                    break;
                }
                case 1: {
                    v2 = int(i);
                    break;
                }
                case 2: {
                    v2 = int(i);
                    break;
                }
                default: break;
            }
        }
        v2 = simd_prefix_inclusive_sum(v1);
        v0 = simd_broadcast_first((int(i) | (-3)));
    }
    if (6 != (v2 + v1)) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k20(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v0 = simd_sum(((v0 + v2) & 6));
    v1 = simd_xor(v2);
    v3 = simd_max(0);
    if (uint(6) % 2 == 2) {
        v0 = v2;
    } else {
        v0 = ((int(i) - v2) * v2);
        if ((v2 & (v0 - v0)) < v1) {
            if (lane < 9) {
                { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
            }
            if (uint((v3 ^ v1)) % 3 == 0) {
                v3 = ((0 & v0) + int(i));
                v0 = simd_min(v2);
            } else {
                if (int(i) != ((v3 - v0) + v0)) {
                    { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                }
                v2 = ((v0 | v0) | v1);
            }
        } else {
            if (((v0 + v2) - (v3 * v0)) == int(i)) {
                if (v2 < (-2)) {
                    { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                }
            }
        }
    }
    if (uint(9) % 3 == 2) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k21(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(uint(v3) % 3); k1 < n1; ++k1) {
        for (int k2 = 0, n2 = 1; k2 < n2; ++k2) {
            switch (uint(2) % 4) {
                case 0: {
                    v3 = simd_prefix_inclusive_sum(v2);
                    break;
                }
                case 1: {
                    if (uint((v0 + v0)) % 5 == 0) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    if (v0 != 0) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    break;
                }
                case 2: {
                    if (v3 < int(i)) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    break;
                }
                default: break;
            }
            switch (uint(v1) % 4) {
                case 0: {
                    v3 = quad_sum(v3);
                    v0 = simd_sum(v3);
                    break;
                }
                case 1: {
                    break;
                }
                case 2: {
                    break;
                }
                default: break;
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
