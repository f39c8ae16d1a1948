module example.org/weft-bench-go

go 1.19
