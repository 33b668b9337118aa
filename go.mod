module github.com/consbench/consbench

go 1.25.0
