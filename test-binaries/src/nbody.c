/* Planets of the solar system under gravity: f64 with square roots and divisions. */
#include "common.h"
#include <math.h>

typedef struct {
    double p[3], v[3], mass;
} Body;

static const double PI = 3.141592653589793, DAYS = 365.24;
static Body bodies[5] = {
    {{0, 0, 0}, {0, 0, 0}, 1},
    {{4.84143144246472090, -1.16032004402742839, -0.103622044471123109},
     {0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023}, 0.000954791938424326609},
    {{8.34336671824457987, 4.12479856412430479, -0.403523417114321381},
     {-0.00276742510726411307, 0.00499852801234917238, 0.0000230417297573763929}, 0.000285885980666130812},
    {{12.8943695621391310, -15.1111514016986312, -0.223307578892655734},
     {0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556}, 0.0000436624404335156298},
    {{15.3796971148509165, -25.9193146099879641, 0.179258772950371181},
     {0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870}, 0.0000515138902046611451},
};

static double energy(void) {
    double sum = 0;
    for (int i = 0; i < 5; i++) {
        const Body *a = &bodies[i];
        sum += 0.5 * a->mass * (a->v[0] * a->v[0] + a->v[1] * a->v[1] + a->v[2] * a->v[2]);
        for (int j = i + 1; j < 5; j++) {
            double squared = 0;
            for (int k = 0; k < 3; k++)
                squared += (a->p[k] - bodies[j].p[k]) * (a->p[k] - bodies[j].p[k]);
            sum -= a->mass * bodies[j].mass / sqrt(squared);
        }
    }
    return sum;
}

static void advance(double step) {
    for (int i = 0; i < 5; i++)
        for (int j = i + 1; j < 5; j++) {
            double d[3], squared = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = bodies[i].p[k] - bodies[j].p[k];
                squared += d[k] * d[k];
            }
            double magnitude = step / (squared * sqrt(squared));
            for (int k = 0; k < 3; k++) {
                bodies[i].v[k] -= d[k] * bodies[j].mass * magnitude;
                bodies[j].v[k] += d[k] * bodies[i].mass * magnitude;
            }
        }
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].p[k] += step * bodies[i].v[k];
}

int main(int argc, char **argv) {
    uint32_t steps = size_argument(argc, argv, 2000);
    for (int i = 0; i < 5; i++) {
        bodies[i].mass *= 4 * PI * PI;
        for (int k = 0; k < 3; k++)
            bodies[i].v[k] *= DAYS;
    }
    for (int k = 0; k < 3; k++)
        for (int i = 1; i < 5; i++)
            bodies[0].v[k] -= bodies[i].v[k] * bodies[i].mass / bodies[0].mass;
    printf("%.17g\n", energy());
    for (uint32_t i = 0; i < steps; i++)
        advance(0.01);
    printf("%.17g\n", energy());
    return 0;
}
