//! [[run]]
//! kernel = "k2075"
//! grid = 20
//! group = 20
//! out.0 = "i32 12 9 6 -46 12 3 14 -46 6 12 24 -46 12 12 102 -46 0 3 36 -46 6 12 102 -46 6 12 102 -46 9 9 55 -46 0 9 63 -46 3 12 102 -46 9 0 78 -46 0 12 102 -46 0 6 94 -46 12 0 98 -46 12 12 104 -46 0 6 112 -46 9 12 122 -46 3 6 127 -46 6 3 134 -46 9 3 143 -46"
//! [[run]]
//! kernel = "k2076"
//! grid = 64
//! group = 64
//! out.0 = "i32 -20 -7 4048 68816 -12 1 4048 68816 -2 11 4048 37 5 17 4048 68816 9 25 4048 68816 15 29 4048 68816 23 35 4048 65 33 43 4048 69 40 53 4048 68816 44 59 4048 83 50 67 4048 93 58 71 4048 97 68 77 4048 68816 75 85 4048 68816 79 95 4048 121 85 101 4048 68816 93 109 4048 68816 103 113 4048 68816 110 119 4048 149 114 127 4048 153 120 137 4048 68816 128 143 4048 167 138 151 4048 177 145 155 4048 181 149 161 4048 68816 155 169 4048 68816 163 179 4048 205 173 185 4048 68816 180 193 4048 68816 184 197 4048 68816 190 203 4048 233 198 211 4048 237 208 221 11152 221 215 227 11152 251 219 235 11152 261 225 239 11152 265 233 245 11152 221 243 253 11152 221 250 263 11152 289 254 269 11152 221 260 277 11152 221 268 281 11152 221 278 287 11152 317 285 295 11152 321 289 305 11152 221 295 311 11152 335 303 319 11152 345 313 323 11152 349 320 329 11152 221 324 337 11152 221 330 347 11152 373 338 353 11152 221 348 361 11152 221 355 365 11152 221 359 371 11152 401 365 379 11152 405 373 389 11152 221 383 395 11152 419 390 403 11152 429 394 407 11152 433 400 413 11152 221 408 421 11152 221 418 431 11152 457 425 437 11152 221"
//! [[run]]
//! kernel = "k2077"
//! grid = 32
//! group = 32
//! out.0 = "i32 12 211 64 -7 12 211 32 1 12 211 64 11 12 211 32 17 12 211 64 25 12 211 32 29 12 211 64 35 12 211 32 43 12 211 64 53 12 211 32 59 12 211 64 67 12 211 32 71 12 211 64 77 12 211 32 85 12 211 64 95 12 211 32 101 12 211 64 109 12 211 32 113 12 211 64 119 12 211 32 127 12 211 64 137 12 211 32 143 12 211 64 151 12 211 32 155 12 211 64 161 12 211 32 169 12 211 64 179 12 211 32 185 12 211 64 193 12 211 32 197 12 211 64 203 12 211 32 211"
//! [[run]]
//! kernel = "k2078"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 -7 2 0 -12 1 2 27 -2 11 2 37 5 17 2 41 9 25 2 47 15 29 2 55 23 35 2 65 33 43 2 69 40 53 2 75 44 59 2 83 50 67 2 93 58 71 2 97 68 77 2 103 75 85 2 111 79 95 2 121 85 101 2 125 93 109 2 131 103 113 2 139 110 119 2 149 114 127 2 153 120 137 2 159 128 143 2 167 138 151 2 177 145 155 2 181 149 161 2 187 155 169 2 195 163 179 2 205 173 185 2 209 180 193 2 215 184 197 2 223 190 203 2 233 198 211 2 237 208 221 0 243 215 227 0 251 219 235 0 261 225 239 0 265 233 245 0 271 243 253 0 279 250 263 0 289 254 269 0 293 260 277 0 299 268 281 0 307 278 287 0 317 285 295 0 321 289 305 0 327"
//! [[run]]
//! kernel = "k2079"
//! grid = 20
//! group = 20
//! out.0 = "i32 1 390 6 275 1 1875 14 1236 1 188 24 2907 1 1443 29 390 1 74 36 1443 1 1067 45 0 1 0 49 483 1 747 55 1694 1 2682 63 27 1 483 73 600 1 2096 78 1875 1 275 85 74 1 1694 94 747 1 123 98 2096 1 1236 104 123 1 27 112 930 1 930 122 2363 1 2907 127 188 1 600 134 1067 1 2363 143 2682"
//! [[run]]
//! kernel = "k2080"
//! grid = 32
//! group = 32
//! out.0 = "i32 -20 3314 6 0 -12 3314 14 0 -2 3314 24 0 5 3314 29 0 9 3314 36 0 15 3314 45 0 23 3314 49 0 33 3314 55 0 40 3314 63 0 44 3314 73 0 50 3314 78 0 58 3314 85 0 68 3314 94 0 75 3314 98 0 79 3314 104 0 85 3314 112 0 93 3314 122 0 103 3314 127 0 110 3314 134 0 114 3314 143 0 120 3314 147 0 128 3314 153 0 138 3314 161 0 145 3314 171 0 149 3314 176 0 155 3314 183 0 163 3314 192 0 173 3314 196 0 180 3314 202 0 184 3314 210 0 190 3314 220 0 198 3314 225 0"
//! [[run]]
//! kernel = "k2081"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 6 6 41 -12 14 14 65 -2 24 24 83 5 29 29 103 9 36 36 125 15 45 45 149 23 49 49 167 33 55 55 187 40 63 63 209 44 73 73 233 50 78 78 251 58 85 85 271 68 94 94 293 75 98 98 317 79 104 104 19 85 112 112 41 93 122 122 65 103 127 127 83 110 134 134 103 114 143 143 125 120 147 147 149 128 153 153 167 138 161 161 187 145 171 171 209 149 176 176 233 155 183 183 251 163 192 192 271 173 196 196 293 180 202 202 317 184 210 210 19 190 220 220 41 198 225 225 65 208 232 232 83 215 241 241 103 219 245 245 125 225 251 251 149 233 259 259 167 243 269 269 187 250 274 274 209 254 281 281 233 260 290 290 251 268 294 294 271 278 300 300 293 285 308 308 317 289 318 318 19"
//! [[run]]
//! kernel = "k2082"
//! grid = 32
//! group = 32
//! out.0 = "i32 -20 6 1 19 -12 7 35 27 -2 8 71 37 5 9 109 41 9 10 143 47 15 11 179 55 23 12 211 65 33 13 25 69 40 14 59 75 44 15 95 83 50 16 127 93 58 17 161 97 68 18 197 103 75 19 11 111 79 20 43 121 85 21 77 125 93 22 113 131 103 23 151 139 110 24 185 149 114 25 -7 153 120 26 29 159 128 27 67 167 138 28 101 177 145 29 137 181 149 30 169 187 155 31 203 195 163 0 17 205 173 1 53 209 180 2 85 215 184 3 119 223 190 4 155 233 198 5 193 237"
//! [[run]]
//! kernel = "k2083"
//! grid = 32
//! group = 32
//! out.0 = "i32 -20 -7 6 0 -12 1 14 0 -2 11 24 0 0 17 29 0 9 25 36 0 2 29 5 0 2 35 6 0 2 43 7 0 2 53 8 0 2 59 9 0 50 67 78 0 2 71 11 0 68 77 94 0 75 85 98 0 79 95 104 0 85 101 112 0 93 109 122 0 0 113 127 0 110 119 134 0 0 127 143 0 0 137 147 0 0 143 153 0 0 151 161 0 0 155 171 0 149 161 176 0 2 169 25 0 163 179 192 0 173 185 196 0 180 193 202 0 184 197 210 0 190 203 220 0 0 211 225 0"
//! [[run]]
//! kernel = "k2084"
//! grid = 20
//! group = 20
//! out.0 = "i32 -20 7 6 0 -12 7 14 0 -2 7 24 0 5 7 29 0 9 7 36 0 15 7 45 0 23 7 49 0 33 7 55 0 40 7 63 0 44 7 73 0 50 7 78 0 58 7 85 0 68 7 94 0 75 7 98 0 79 7 104 0 85 7 112 0 93 7 122 0 103 7 127 0 110 7 134 0 114 7 143 0"
//! [[run]]
//! kernel = "k2085"
//! grid = 32
//! group = 32
//! out.0 = "i32 -2 -7 6 12 -2 1 235 12 -2 11 24 12 -2 17 29 12 -2 25 36 12 -2 29 45 12 -2 35 235 12 -2 43 55 12 -2 53 63 12 -2 59 73 12 -2 67 78 12 -2 71 85 12 -2 77 94 12 -2 85 98 12 -2 95 235 12 -2 101 235 12 -2 109 122 12 -2 113 127 12 -2 119 134 12 -2 127 143 12 -2 137 147 12 -2 143 153 12 -2 151 161 12 -2 155 235 12 -2 161 235 12 -2 169 183 12 -2 179 192 12 -2 185 196 12 -2 193 202 12 -2 197 210 12 -2 203 220 12 -2 211 225 12"
//! [[run]]
//! kernel = "k2086"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 496 6 0 -12 496 14 1 -2 496 24 2 5 496 29 3 9 496 36 4 15 496 45 55 23 496 49 6 33 496 55 69 40 496 63 8 44 496 73 9 50 496 78 10 58 496 85 97 68 496 94 12 75 496 98 13 79 496 104 14 85 496 112 15 93 496 122 16 103 496 127 17 110 496 134 18 114 496 143 19 120 496 147 20 128 496 153 21 138 496 161 22 145 496 171 23 149 496 176 24 155 496 183 25 163 496 192 26 173 496 196 27 180 496 202 28 184 496 210 223 190 496 220 233 198 496 225 237 208 494 232 32 215 494 241 33 219 494 245 261 225 494 251 35 36 494 259 36 243 494 269 37 36 494 274 38 36 494 281 39 260 494 290 299 268 494 294 41 278 494 300 317 36 494 308 43 36 494 318 44"
//! [[run]]
//! kernel = "k2087"
//! grid = 45
//! group = 45
//! out.0 = "i32 -196604 0 6 19 144 0 14 27 276824097 0 24 37 819202 0 29 41 366 0 36 47 1946157144 0 45 55 3735554 0 49 65 404 0 55 69 1300234387 0 63 75 184448 0 73 83 588 0 78 93 459276497 0 85 97 1990657 0 94 103 1296 0 98 111 298844436 0 104 121 -196604 0 112 125 144 0 122 131 276824097 0 127 139 819202 0 134 149 366 0 143 153 1946157144 0 147 159 3735554 0 153 167 404 0 161 177 1300234387 0 171 181 184448 0 176 187 588 0 183 195 459276497 0 192 205 1990657 0 196 209 1296 0 202 215 298844436 0 210 223 -196604 0 220 233 144 0 225 237 276824097 0 232 243 819202 0 241 251 366 0 245 261 1946157144 0 251 265 3735554 0 259 271 404 0 269 279 1300234387 0 274 289 184448 0 281 293 588 0 290 299 459276497 0 294 307 1990657 0 300 317 1296 0 308 321 298844436 0 318 327"
//! [[run]]
//! kernel = "k2088"
//! grid = 64
//! group = 64
//! out.0 = "i32 -20 0 6 19 -12 1 14 27 -2 2 24 37 5 0 29 41 9 4 36 47 155 5 45 55 23 6 49 65 33 7 55 69 40 0 63 75 44 9 73 83 50 10 78 93 58 11 85 97 68 12 94 103 75 0 98 111 79 14 104 121 85 15 112 125 93 16 122 131 103 17 127 139 110 3 134 149 114 19 143 153 465 20 147 159 128 21 153 167 138 22 161 177 145 3 171 181 149 24 176 187 573 25 183 195 163 26 192 205 173 27 196 209 632 3 202 215 184 29 210 223 190 30 220 233 198 31 225 237 208 32 232 243 215 3 241 251 219 34 245 261 225 35 251 265 233 36 259 271 243 37 269 279 250 3 274 289 254 39 281 293 888 40 290 299 268 41 294 307 278 42 300 317 285 3 308 321 289 44 318 327 993 45 323 335 303 46 330 345 313 47 339 349 320 3 343 355 324 49 349 363 330 50 357 373 338 51 367 377 348 52 372 383 1161 3 379 391 359 54 388 401 365 55 392 405 373 56 398 411 383 57 406 419 390 3 416 429 394 59 421 433 1306 60 428 439 408 61 437 447 418 62 441 457 425 3 447 461"
//! [[run]]
//! kernel = "k2089"
//! grid = 45
//! group = 45
//! out.0 = "i32 0 12 6 19 0 6 14 27 0 6 24 37 5 17 27 41 0 6 34 47 0 0 45 55 0 0 49 65 0 12 55 69 0 0 63 75 0 9 -3 83 0 9 78 93 0 6 85 97 0 9 94 103 0 3 98 111 0 3 104 121 0 0 118 125 0 3 124 131 0 12 127 139 0 12 134 149 0 9 143 153 0 12 147 159 0 9 -3 83 0 6 161 177 0 3 171 181 0 6 176 187 0 0 183 195 0 0 192 205 173 185 194 209 0 9 -3 83 0 9 210 223 0 9 220 233 0 6 225 237 0 9 232 243 0 3 241 251 0 3 245 261 0 0 251 265 0 3 259 271 0 12 269 279 0 12 274 289 0 9 281 293 0 12 -3 299 0 6 294 307 0 6 300 317 0 3 308 321 0 6 318 327"
//! [[run]]
//! kernel = "k2090"
//! grid = 64
//! group = 64
//! out.0 = "i32 -20 2776 0 19 -12 2776 0 27 -2 2776 0 37 5 0 0 41 9 2776 0 47 15 2776 0 55 23 2776 0 65 33 0 0 69 40 2776 0 75 44 2776 0 83 50 2776 0 93 58 2776 0 97 68 0 0 103 75 14 0 111 79 5 0 121 85 2776 0 125 93 0 0 131 103 2776 0 139 110 2776 0 149 114 2776 0 153 120 5 0 159 128 2776 0 167 138 2776 0 177 145 14 0 181 149 2776 0 187 155 2776 0 195 163 2776 0 205 173 2776 0 209 180 2776 0 215 184 2776 0 223 190 2776 0 233 198 2776 0 237 208 8732 0 243 215 0 0 251 219 0 0 261 225 8732 0 265 233 5 0 271 243 8732 0 279 250 8732 0 289 254 3 0 293 260 14 0 299 268 8732 0 307 278 8732 0 317 285 8732 0 321 289 5 0 327 295 8732 0 335 303 8732 0 345 313 8732 0 349 320 8732 0 355 324 8732 0 363 330 8732 0 373 338 14 0 377 348 8732 0 383 355 5 0 391 359 8732 0 401 365 8732 0 405 373 8732 0 411 383 3 0 419 390 0 0 429 394 -6 0 433 400 8732 0 439 408 8732 0 447 418 8732 0 457 425 5 0 461"
//! [[run]]
//! kernel = "k2091"
//! grid = 64
//! group = 64
//! out.0 = "i32 -20 -7 6 19 331 1 14 1 155 11 24 11 5 17 29 41 331 25 36 25 155 29 45 29 23 35 49 65 331 43 55 43 155 53 63 53 44 59 73 83 331 67 78 67 155 71 85 71 68 77 94 103 331 85 98 85 155 95 104 95 85 101 112 125 331 109 122 109 155 113 127 113 110 119 134 149 331 127 143 127 155 137 147 137 128 143 153 167 331 151 161 151 155 155 171 155 149 161 176 187 331 169 183 169 155 179 192 179 173 185 196 209 331 193 202 193 155 197 210 197 190 203 220 233 331 211 225 211 208 221 232 243 1003 227 241 227 475 235 245 235 225 239 251 265 1003 245 259 245 475 253 269 253 250 263 274 289 1003 269 281 269 475 277 290 277 268 281 294 307 1003 287 300 287 475 295 308 295 289 305 318 327 1003 311 323 311 475 319 330 319 313 323 339 349 1003 329 343 329 475 337 349 337 330 347 357 373 1003 353 367 353 475 361 372 361 355 365 379 391 1003 371 388 371 475 379 392 379 373 389 398 411 1003 395 406 395 475 403 416 403 394 407 421 433 1003 413 428 413 475 421 437 421 418 431 441 457 1003 437 447 437"
//! [[run]]
//! kernel = "k2092"
//! grid = 32
//! group = 32
//! out.0 = "i32 -8 206110720 -7 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 -7 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659 -8 206110720 1659 1659"
//! [[run]]
//! kernel = "k2093"
//! grid = 45
//! group = 45
//! out.0 = "i32 0 -7 6 -1 3 1 14 0 0 0 24 0 6 17 29 0 0 25 36 1 12 29 45 0 6 0 49 0 9 43 55 0 9 53 63 0 12 59 73 0 0 0 78 0 3 71 85 0 6 77 94 0 0 85 98 21 0 0 104 0 3 101 112 0 12 109 122 0 9 113 127 0 0 0 134 0 6 127 143 0 6 137 147 0 9 143 153 0 0 0 161 0 0 155 171 0 3 161 176 0 12 169 183 0 26 0 192 0 0 185 196 11 9 193 202 0 6 197 210 0 0 0 220 0 3 211 225 105 3 221 232 0 6 227 241 0 0 0 245 0 12 239 251 0 0 245 259 30 9 253 269 0 0 0 274 0 12 269 281 0 0 277 290 69 0 281 294 4 0 0 300 0 0 295 308 0 0 305 318 0"
//! [[run]]
//! kernel = "k2094"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 -7 6 19 -12 1 14 27 -2 11 24 37 5 17 29 41 9 25 36 47 15 29 45 55 23 35 49 65 33 43 55 69 40 53 63 75 44 59 73 83 50 67 78 93 58 71 85 97 68 77 94 103 75 85 98 111 79 95 104 121 85 101 112 125 93 109 122 131 103 113 127 139 110 119 134 149 114 127 143 153 120 137 147 159 128 143 153 167 138 151 161 177 145 155 171 181 149 161 176 187 155 169 183 195 163 179 192 205 173 185 196 209 180 193 202 215 184 197 210 223 190 203 220 233 198 211 225 237 208 221 232 243 215 227 241 251 219 235 245 261 225 239 251 265 233 245 259 271 243 253 269 279 250 263 274 289 254 269 281 293 260 277 290 299 268 281 294 307 278 287 300 317 285 295 308 321 289 305 318 327"
//! [[run]]
//! kernel = "k2095"
//! grid = 32
//! group = 32
//! out.0 = "i32 -20 0 3 -20 -12 0 12 -12 -2 0 0 -20 5 0 3 6 9 0 4 6 15 0 5 6 23 0 6 6 33 0 7 6 40 0 8 6 44 0 9 6 50 0 10 6 58 0 11 6 68 0 12 6 75 0 13 6 79 0 14 6 85 0 15 6 93 0 16 6 103 0 17 6 110 0 18 6 114 0 19 6 120 0 20 6 128 0 21 6 138 0 22 6 145 0 23 6 149 0 24 6 155 0 25 6 163 0 26 6 173 0 27 6 180 0 28 6 184 0 29 6 190 0 0 6 198 0 0 6"
//! [[run]]
//! kernel = "k2096"
//! grid = 45
//! group = 45
//! out.0 = "i32 -20 -7 0 -7 -12 1 1 1 -2 11 2 11 5 17 3 17 9 25 4 25 15 29 5 29 23 35 6 35 33 43 7 43 40 53 8 53 44 59 9 59 50 67 10 67 58 71 11 71 68 77 12 77 75 85 13 85 79 95 14 95 85 101 15 101 93 109 16 109 103 113 17 113 110 119 18 119 114 127 19 127 120 137 20 137 128 143 21 143 138 151 22 151 145 155 23 155 149 161 24 161 155 169 25 169 163 179 26 179 173 185 27 185 180 193 28 193 184 197 29 197 190 203 30 203 198 211 31 211 208 221 32 221 215 227 33 227 219 235 34 235 225 239 35 239 233 245 36 245 243 253 37 253 250 263 38 263 254 269 39 269 260 277 40 277 268 281 41 281 278 287 42 287 285 295 43 295 289 305 44 305"
//! [[run]]
//! kernel = "k2097"
//! grid = 20
//! group = 20
//! out.0 = "i32 -20 0 6 0 -12 0 14 0 -2 0 24 0 5 0 29 0 9 0 36 0 15 0 45 0 23 0 49 0 33 0 55 0 40 0 63 0 44 0 73 0 50 0 78 0 58 0 85 0 68 0 94 0 75 0 98 0 79 0 104 0 85 0 112 0 93 0 122 0 103 0 127 0 110 0 134 0 114 0 143 0"
//! [[run]]
//! kernel = "k2098"
//! grid = 20
//! group = 20
//! out.0 = "i32 -20 3 1240 19 -12 1 45 167 -2 11 45 0 5 17 45 0 9 25 1240 47 15 29 45 167 23 35 45 0 33 43 45 0 40 53 1240 75 44 59 45 167 50 67 45 0 58 71 45 0 68 77 1240 103 75 85 45 167 79 95 45 0 85 101 45 0 93 109 1240 131 103 113 45 167 110 119 45 0 114 127 45 0"
//! [[run]]
//! kernel = "k2099"
//! grid = 32
//! group = 32
//! out.0 = "i32 237 0 6 539 237 0 14 539 237 0 24 539 237 0 29 539 237 0 36 539 237 0 45 539 237 0 49 539 237 0 55 539 237 0 63 539 237 0 73 539 237 0 78 539 237 0 85 539 237 0 94 539 237 0 98 539 237 0 104 539 237 0 112 539 237 0 122 539 237 0 127 539 237 0 134 539 237 0 143 539 237 0 147 539 237 0 153 539 237 0 161 539 237 0 171 539 237 0 176 539 237 0 183 539 237 0 192 539 237 0 196 539 237 0 202 539 237 0 210 539 237 0 220 539 237 0 225 539"
// Random programs as in `generated`, with barriers, arrays, division and shifts.
#include <metal_stdlib>
using namespace metal;
#pragma clang diagnostic ignored "-Wself-assign"
#pragma clang diagnostic ignored "-Wtautological-compare"
#pragma clang diagnostic ignored "-Wxor-used-as-pow"
#pragma clang diagnostic ignored "-Wunused-variable"
#pragma clang diagnostic ignored "-Wshift-negative-value"
#pragma clang diagnostic ignored "-Wshift-count-negative"
#pragma clang diagnostic ignored "-Winteger-overflow"
#pragma clang diagnostic ignored "-Wunused-value"
#pragma clang diagnostic ignored "-Wtautological-overlap-compare"
kernel void k2075(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    if (uint(v1) % 2 == 2) {
        v0 = simd_max(int(i));
    } else {
        switch (uint(v2) % 4) {
            case 0: {
                v3 = int(popcount(uint((simd_vote::vote_t)simd_ballot((v3) & 1))));
                break;
            }
            case 1: {
                v3 = int(popcount(uint((simd_vote::vote_t)simd_ballot(((v2 + v3)) & 1))));
                v2 = simd_sum((int(i)) * 3);
                break;
            }
            case 2: {
                v3 = ((v0 / (((-3) & 15) + 1)) / (((-1) & 15) + 1));
                break;
            }
            default: break;
        }
    }
    for (int k1 = 0, n1 = 4; k1 < n1; ++k1) {
        if (int(i) < v2) {
            v3 = simd_xor(v1);
        }
    }
    v1 = a[uint((v2 + (v3 << v2))) % 5];
    v0 = a[uint(((v2 & v0) ^ v3)) % 5];
    if (((v2 & v0) * v1) != ((v1 / ((v0 & 15) + 1)) - v2)) {
        for (int k2 = 0, n2 = int(uint(v3) % 5); k2 < n2; ++k2) {
            if (v3 != ((v0 - v0) - (v2 + v1))) {
                v1 = v2;
                if (v0 > int(i)) {
                    continue;
                }
                if (((v2 % ((v0 & 15) + 1)) - 3) < 7) {
                    break;
                }
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2076(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(uint(v1) % 5); k1 < n1; ++k1) {
        a[uint(((v0 & v2) % ((int(i) & 15) + 1))) % 5] = 0;
    }
    v2 = simd_sum((int(i) ^ v3));
    if (uint((v1 * (-1))) % 4 == 1) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    v3 = simd_sum(v2);
    if (uint(v2) % 5 == 2) {
        if (v2 == int(i)) {
            v2 = v2;
            v0 = v0;
            v3 = v0;
        } else {
            v3 = simd_broadcast_first(v1);
            if (uint(v3) % 4 == 2) {
                v2 = (v0 << v0);
                v0 = simd_prefix_inclusive_sum(3);
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2077(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    shared[i] = 6;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v0 = shared[(i * 1 + 5) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (int k1 = 0, n1 = int(uint(v0) % 5); k1 < n1; ++k1) {
        v3 = v2;
        v3 = int(popcount(uint((simd_vote::vote_t)simd_ballot(((v0 ^ int(i))) & 1))));
        for (int k2 = 0, n2 = int(lane % 4 + 1); k2 < n2; ++k2) {
            v2 = v0;
            v2 = simd_prefix_inclusive_sum(int(i));
            v3 = v1;
        }
    }
    for (int k3 = 0, n3 = int(lane % 2 + 1); k3 < n3; ++k3) {
        v2 = simd_sum(2);
        v0 = a[uint((-2)) % 5];
        if (uint((v3 - v0)) % 2 == 1) {
            continue;
        }
    }
    v1 = simd_max(v3);
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2078(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v2 = simd_broadcast_first((2 % ((v0 & 15) + 1)));
    if (v0 > (v0 * 5)) {
        switch (uint(int(i)) % 4) {
            case 0: {
                for (int k1 = 0, n1 = int(lane % 2 + 0); k1 < n1; ++k1) {
                    v0 = (v1 | (-2));
                    v3 = ((v3 >> 7) / ((((v0 | v0) - (v3 / ((v3 & 15) + 1))) & 15) + 1));
                    v1 = 6;
                    if (uint(v1) % 4 == 2) {
                        break;
                    }
                }
                v3 = a[uint(int(i)) % 5];
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
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2079(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v1 = (((v3 | v1) - v3) ^ int(i));
    shared[i] = v3;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v1 = shared[(i * 3 + 7) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    shared[i] = (v3 * int(i));
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v3 = shared[(i * 7 + 5) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v0 = simd_xor(((v0 + v2) % (((-3) & 15) + 1)));
    shared[i] = v3;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v1 = shared[(i * 7 + 3) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2080(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v3 = simd_min(int(i));
    v1 = simd_sum(v1);
    switch (uint((-3)) % 4) {
        case 0: {
            v2 = (v2 * (v0 ^ v3));
            if (uint((v1 - (v1 >> v1))) % 2 == 1) {
                for (int k1 = 0, n1 = int(lane % 4 + 1); k1 < n1; ++k1) {
                    if (lane < 30) {
                        continue;
                    }
                    v2 = ((v2 << v1) - (6 * v3));
                    v1 = a[uint((v1 >> v2)) % 5];
                }
            }
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
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2081(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    shared[i] = v3;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v3 = shared[(i * 3 + 3) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v1 = v2;
    switch (uint(9) % 4) {
        case 0: {
            switch (uint((v0 + 7)) % 4) {
                case 0: {
                    v1 = int(popcount(uint((simd_vote::vote_t)simd_ballot((4) & 1))));
                    for (int k1 = 0, n1 = int(uint(v0) % 5); k1 < n1; ++k1) {
                        v1 = simd_xor(((v3 / ((v0 & 15) + 1)) + v0));
                        if (((v2 & v3) | v3) < v2) {
                            break;
                        }
                    }
                    break;
                }
                case 1: {
                    if ((-2) > ((v3 ^ v3) & v0)) {
                        v3 = (v2 * int(i));
                    }
                    break;
                }
                case 2: {
                    for (int k2 = 0, n2 = int(uint(v3) % 5); k2 < n2; ++k2) {
                        v0 = quad_sum((v0 << v3));
                        a[uint(v0) % 5] = v3;
                        v1 = int(popcount(uint((simd_vote::vote_t)simd_ballot((int(i)) & 1))));
                    }
                    v3 = v3;
                    break;
                }
                default: break;
            }
            if (lane < 2) {
                for (int k3 = 0, n3 = 2; k3 < n3; ++k3) {
                    if (uint((-1)) % 3 == 0) {
                        continue;
                    }
                    v1 = simd_broadcast_first(int(i));
                    v3 = quad_sum(v3);
                }
            }
            break;
        }
        case 1: {
            switch (uint(((v3 | v3) + (v2 >> v2))) % 4) {
                case 0: {
                    if (v1 != (v3 + v1)) {
                        v2 = (-3);
                    }
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
            break;
        }
        case 2: {
            break;
        }
        default: break;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2082(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    shared[i] = v1;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v2 = shared[(i * 5 + 1) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    shared[i] = int(i);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v1 = shared[(i * 1 + 6) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    switch (uint((v1 | (v2 | v3))) % 4) {
        case 0: {
            if (v2 < v3) {
                v1 = (v0 >> v1);
                for (int k1 = 0, n1 = int(lane % 4 + 2); k1 < n1; ++k1) {
                    v1 = v0;
                }
                switch (uint((int(i) - (v1 >> v1))) % 4) {
                    case 0: {
                        v0 = v1;
                        v0 = (9 % ((int(i) & 15) + 1));
                        break;
                    }
                    case 1: {
                        v2 = (-3);
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
        case 1: {
            break;
        }
        case 2: {
            break;
        }
        default: break;
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2083(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(uint(v2) % 2); k1 < n1; ++k1) {
        v0 = quad_sum((2 % (((v0 >> v3) & 15) + 1)));
        v3 = simd_sum((v3 >> v1));
    }
    if (v2 != v3) {
        v3 = int(simd_all((v2) & 2));
    } else {
        v1 = simd_prefix_inclusive_sum(8);
    }
    if (uint(v0) % 5 == 2) {
        v2 = int(i);
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2084(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v3 = simd_xor((-2));
    v1 = 7;
    if (uint(v1) % 3 == 2) {
        v2 = simd_broadcast_first(((v2 << v3) ^ v1));
        switch (uint(6) % 4) {
            case 0: {
                v1 = v1;
                if (4 != (8 - v0)) {
                    v2 = (v1 >> v0);
                }
                break;
            }
            case 1: {
                switch (uint(v0) % 4) {
                    case 0: {
                        v3 = simd_min(((v2 | v3) | 6));
                        break;
                    }
                    case 1: {
                        v2 = a[uint(((v3 & v1) - v1)) % 5];
                        break;
                    }
                    case 2: {
                        v2 = 2;
                        v1 = simd_min(v2);
                        break;
                    }
                    default: break;
                }
                switch (uint(v2) % 4) {
                    case 0: {
                        v0 = v1;
                        break;
                    }
                    case 1: {
                        v3 = (4 | 0);
                        v3 = int(simd_all((4) & 2));
                        break;
                    }
                    case 2: {
                        v3 = v0;
                        break;
                    }
                    default: break;
                }
                break;
            }
            case 2: {
                v2 = int(simd_all(((-2)) & 2));
                v0 = a[uint(v2) % 5];
                break;
            }
            default: break;
        }
    }
    if (uint(v2) % 3 == 2) {
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2085(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    shared[i] = ((v2 - v1) * v3);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v0 = shared[(i * 1 + 4) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (uint((v1 ^ (-3))) % 5 == 2) {
        for (int k1 = 0, n1 = 4; k1 < n1; ++k1) {
            if (lane < 14) {
                if (uint((v0 << v3)) % 5 == 2) {
                    continue;
                }
            } else {
                v2 = int(simd_all((v3) & 2));
            }
        }
        v0 = simd_prefix_inclusive_sum((-1));
        v2 = simd_max((v3 ^ (v1 / ((v1 & 15) + 1))));
    }
    v3 = a[uint(9) % 5];
    shared[i] = (-2);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v0 = shared[(i * 3 + 5) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2086(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    if (uint((-1)) % 3 == 0) {
        a[uint(v2) % 5] = int(i);
        for (int k1 = 0, n1 = int(uint(v1) % 2); k1 < n1; ++k1) {
            v1 = simd_sum(int(i));
            if (uint(v2) % 5 == 0) {
                { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
            }
            v3 = simd_prefix_inclusive_sum((v2 >> v0));
        }
        if ((int(i) - 0) == v2) {
            if (4 > ((-2) - (v0 / ((v3 & 15) + 1)))) {
                if (lane < 4) {
                    { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                }
                if (uint((v0 << v2)) % 2 == 1) {
                    { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                }
                if (3 == v1) {
                    { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                }
            }
            v1 = int(popcount(uint((simd_vote::vote_t)simd_ballot((v3) & 1))));
            v1 = simd_max(v3);
        } else {
            v3 = a[uint((v2 << 16)) % 5];
            if (uint(((v0 + v1) % (((v2 * v1) & 15) + 1))) % 2 == 1) {
                v0 = simd_min(int(i));
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2087(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    shared[i] = ((v0 << v2) + (v2 & v0));
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v0 = shared[(i * 3 + 1) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    shared[i] = 0;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v1 = shared[(i * 7 + 0) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (int k1 = 0, n1 = 1; k1 < n1; ++k1) {
        if (((v2 % ((v2 & 15) + 1)) % ((v3 & 15) + 1)) > v2) {
            v2 = simd_broadcast_first(((v2 << v2) / ((v1 & 15) + 1)));
            if (v0 != ((v0 << v3) % ((v1 & 15) + 1))) {
                if (uint(4) % 5 == 0) {
                    break;
                }
                v2 = v0;
                v0 = v2;
            } else {
                v2 = (int(i) + ((v3 * v1) / ((v3 & 15) + 1)));
                if (uint(v1) % 3 == 0) {
                    break;
                }
                v0 = simd_sum((2 | v2));
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2088(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = 2; k1 < n1; ++k1) {
        v3 = v3;
    }
    v1 = int(i);
    if (uint(v0) % 5 == 0) {
        for (int k2 = 0, n2 = int(uint(v1) % 5); k2 < n2; ++k2) {
            a[uint(((-1) % ((2 & 15) + 1))) % 5] = int(i);
            v1 = simd_xor(3);
            switch (uint((-3)) % 4) {
                case 0: {
                    if (v0 > (v2 << 10)) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    if (((v2 - v0) - (v0 << v3)) != (v3 << v2)) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    break;
                }
                case 1: {
                    if (lane < 17) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    break;
                }
                case 2: {
                    if (uint((v0 | 9)) % 3 == 2) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    break;
                }
                default: break;
            }
        }
        switch (uint(v3) % 4) {
            case 0: {
                v3 = v2;
                break;
            }
            case 1: {
                if (uint(1) % 3 == 1) {
                    if (v3 > 5) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                }
                a[uint(((v1 % ((v2 & 15) + 1)) | (v3 / ((v1 & 15) + 1)))) % 5] = (-1);
                break;
            }
            case 2: {
                v2 = int(simd_all((int(i)) & 2));
                if (uint(int(i)) % 4 == 1) {
                    { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                }
                break;
            }
            default: break;
        }
        v0 = ((v2 + v3) + v3);
    } else {
        for (int k3 = 0, n3 = int(uint(v0) % 2); k3 < n3; ++k3) {
            if (uint((4 ^ 5)) % 4 == 1) {
                a[uint((v3 >> v0)) % 5] = v3;
                if (uint(v1) % 4 == 0) {
                    continue;
                }
            } else {
                v2 = simd_sum((5 & (v1 | v2)));
                if (v0 < v3) {
                    break;
                }
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2089(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    if (v2 == (v3 % ((v2 & 15) + 1))) {
        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
    }
    if (uint(v3) % 3 == 2) {
        switch (uint((v3 ^ (v3 ^ v0))) % 4) {
            case 0: {
                for (int k1 = 0, n1 = 2; k1 < n1; ++k1) {
                    v2 = (-3);
                    v3 = simd_broadcast_first(v3);
                }
                if ((v0 - v0) == int(i)) {
                    v1 = a[uint(v2) % 5];
                    v0 = v3;
                } else {
                    if ((v3 * v3) < v2) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                    if (uint(v1) % 5 == 0) {
                        { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                    }
                }
                break;
            }
            case 1: {
                v2 = (v2 ^ 6);
                if (uint((int(i) - (v1 % ((v1 & 15) + 1)))) % 5 == 2) {
                    { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
                }
                break;
            }
            case 2: {
                v1 = simd_sum(((v3 ^ v1) % (((v1 / ((v1 & 15) + 1)) & 15) + 1)));
                break;
            }
            default: break;
        }
    }
    v0 = v0;
    for (int k2 = 0, n2 = 1; k2 < n2; ++k2) {
        v1 = int(simd_all((v2) & 2));
        v0 = simd_sum((v1 << v3));
    }
    v1 = simd_min(0);
    v1 = a[uint((v3 >> v1)) % 5];
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2090(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v1 = simd_sum((v1 - (v1 / ((v3 & 15) + 1))));
    for (int k1 = 0, n1 = 4; k1 < n1; ++k1) {
        if (uint(((v2 | v3) * v3)) % 5 == 1) {
            v2 = a[uint((int(i) ^ (v0 ^ v2))) % 5];
            if (uint(v3) % 5 == 0) {
                break;
            }
            v1 = (4 ^ (v2 + (-2)));
        }
    }
    v2 = simd_max(4);
    a[uint(int(i)) % 5] = ((-3) * (v0 % ((v0 & 15) + 1)));
    v2 = a[uint(3) % 5];
    v2 = int(simd_all((9) & 2));
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2091(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    a[uint(v2) % 5] = (v0 << v2);
    for (int k1 = 0, n1 = int(lane % 3 + 0); k1 < n1; ++k1) {
        v0 = int(i);
        v0 = simd_sum(v0);
        v3 = v1;
        if (((v1 << v1) & 0) > v3) {
            for (int k2 = 0, n2 = int(uint(v2) % 5); k2 < n2; ++k2) {
                v3 = 7;
                if (int(i) > (v0 * (v0 ^ v2))) {
                    continue;
                }
                v0 = v2;
                a[uint(((v3 >> v3) / ((5 & 15) + 1))) % 5] = v1;
            }
            v1 = int(popcount(uint((simd_vote::vote_t)simd_ballot(((v0 >> v3)) & 1))));
            switch (uint(v0) % 4) {
                case 0: {
                    v3 = int(i);
                    break;
                }
                case 1: {
                    v1 = (v2 << v0);
                    break;
                }
                case 2: {
                    v0 = simd_broadcast_first(v1);
                    v2 = simd_xor(int(i));
                    break;
                }
                default: break;
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2092(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    shared[i] = (-2);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v0 = shared[(i * 3 + 7) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v2 = simd_max((v3 * 7));
    v0 = a[uint(v0) % 5];
    if (int(i) != v0) {
        a[uint(((v0 - v3) + (v3 << v2))) % 5] = (v0 << v1);
        if (((v2 + v3) & v1) > v2) {
            v3 = 2;
            v0 = int(simd_all((v0) & 2));
            v2 = (v1 ^ ((v3 / ((v2 & 15) + 1)) * (v3 % ((v2 & 15) + 1))));
        }
    }
    for (int k1 = 0, n1 = int(uint(v2) % 5); k1 < n1; ++k1) {
        v1 = simd_sum((v1) * 3);
        v0 = quad_sum((v3 | (-3)));
    }
    shared[i] = v2;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v3 = shared[(i * 3 + 1) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2093(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    a[uint((v3 | v3)) % 5] = int(i);
    if (uint((3 & int(i))) % 3 == 2) {
        v1 = int(simd_all(((v1 / (((v2 + v3) & 15) + 1))) & 2));
    }
    if (v0 == (int(i) % (((v1 ^ v0) & 15) + 1))) {
        v1 = v3;
        v2 = a[uint(v1) % 5];
    }
    v0 = int(simd_all(((v2 * 4)) & 2));
    v3 = (v1 >> v2);
    v0 = a[uint(((v1 * v3) - (v0 - v1))) % 5];
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2094(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    switch (uint(v0) % 4) {
        case 0: {
            if (v0 > v1) {
                switch (uint(((v2 * v3) * v2)) % 4) {
                    case 0: {
                        v3 = int(popcount(uint((simd_vote::vote_t)simd_ballot((((v0 | v2) ^ (v3 % ((v1 & 15) + 1)))) & 1))));
                        break;
                    }
                    case 1: {
                        v3 = simd_prefix_inclusive_sum(v2);
                        v0 = (1 / ((((v2 + v2) * v2) & 15) + 1));
                        break;
                    }
                    case 2: {
                        v2 = ((v3 - 7) / ((v0 & 15) + 1));
                        v0 = v2;
                        break;
                    }
                    default: break;
                }
                for (int k1 = 0, n1 = int(lane % 2 + 2); k1 < n1; ++k1) {
                }
            }
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
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2095(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v2 = int(i);
    shared[i] = 6;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v3 = shared[(i * 3 + 7) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v1 = simd_xor(v2);
    for (int k1 = 0, n1 = int(lane % 2 + 1); k1 < n1; ++k1) {
        if (lane < 24) {
            if (v0 > v1) {
                break;
            }
            v3 = simd_min(v0);
            v2 = a[uint(v0) % 5];
        }
        if (uint(v0) % 4 == 2) {
            if (uint((3 * v3)) % 4 == 1) {
                v2 = simd_prefix_inclusive_sum((v1 >> v3));
                v3 = (v0 | (v3 + (v1 / ((v3 & 15) + 1))));
                v3 = simd_sum(((int(i) | (v3 & v2))) * 3);
            }
            v2 = int(simd_all((v2) & 2));
        }
        if ((v1 - (v0 | v0)) == 7) {
            break;
        }
    }
    shared[i] = v1;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    v1 = shared[(i * 1 + 6) % count];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2096(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v3 = int(simd_all(((v2 / (((v0 & v1) & 15) + 1))) & 2));
    v3 = v1;
    v2 = int(i);
    if (v3 < (int(i) & v1)) {
        a[uint((int(i) & v1)) % 5] = v2;
    }
    if ((v0 << v2) != v1) {
        for (int k1 = 0, n1 = int(uint(v0) % 5); k1 < n1; ++k1) {
            for (int k2 = 0, n2 = int(uint(v2) % 2); k2 < n2; ++k2) {
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2097(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v1 = a[uint((-1)) % 5];
    for (int k1 = 0, n1 = int(uint(v3) % 4); k1 < n1; ++k1) {
        for (int k2 = 0, n2 = int(lane % 2 + 1); k2 < n2; ++k2) {
            v3 = simd_min(v3);
            v1 = a[uint(v1) % 5];
        }
        v3 = a[uint(0) % 5];
        for (int k3 = 0, n3 = 3; k3 < n3; ++k3) {
            if (uint(v0) % 2 == 1) {
                continue;
            }
            if (7 < int(i)) {
                if ((1 * v2) > (v0 - int(i))) {
                    continue;
                }
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2098(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    if (uint(v0) % 5 == 1) {
        v1 = a[uint(v0) % 5];
    }
    v2 = simd_sum(v1);
    for (int k1 = 0, n1 = int(lane % 4 + 0); k1 < n1; ++k1) {
        v3 = simd_xor(v3);
        if (uint((v2 % ((7 & 15) + 1))) % 2 == 1) {
            { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
        }
        v2 = simd_sum(3);
    }
    if (((-2) % ((7 & 15) + 1)) != v2) {
        if (lane < 30) {
            { for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; } return; }
        }
        v2 = v2;
        v2 = (-1);
    }
    v0 = a[uint(0) % 5];
    for (int k2 = 0, n2 = int(lane % 4 + 2); k2 < n2; ++k2) {
        if (uint(v1) % 5 == 1) {
            for (int k3 = 0, n3 = int(lane % 4 + 2); k3 < n3; ++k3) {
            }
        }
    }
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
kernel void k2099(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]], uint count [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    int a[5] = {0, 3, 6, 9, 12};
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    v0 = simd_max(v3);
    v1 = int(i);
    v3 = simd_sum(int(i));
    v3 = simd_sum(((v2 & v3) / ((int(i) & 15) + 1)));
    v1 = simd_min((v0 >> v0));
    for (int j = 0; j < 1; ++j) { out[4 * i] = v0; out[4 * i + 1] = v1; out[4 * i + 2] = v2; out[4 * i + 3] = v3; }
}
