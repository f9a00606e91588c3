#pragma once
#define NEAR_CONSTANT 2
